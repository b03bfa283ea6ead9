"""What is known of the bytes behind a path, and which sites surely have the same.

Of a release set that is scanned, the manifest of the generation that a site holds tells size and hashes. Who mixes mirrors
must mix the same bytes: so of such a set only those are named together that hold one generation, or two that list the very
same file. While a site is still looked at its manifest counts already: the hashes in it are what a client can check by. Of
other paths nobody has looked at anything, and the mirrors are what the operator says they are: equal.
"""

from __future__ import annotations

from typing import NamedTuple

from gslb.model import ManifestFile, SetKey, View, World
from gslb.redirect.serving import Serving, Wish
from gslb.steering.holding import file_of, generations_of, same_file, set_of
from gslb.steering.standings import generation_at


class Known(NamedTuple):
    """`file` is None where no manifest lists it. `sites` begin with the first, and may be mixed with it."""

    file: ManifestFile | None
    sites: tuple[str, ...]


def is_listed(world: World, service: str, path: str) -> bool | None:
    """Whether some generation that is held lists this decoded path; None where no manifest says anything about it."""
    content = set_of(world.configuration.service(service).content, path)
    if content is None or not content.scanned:
        return None
    held = generations_of(world).held(SetKey(service, content.name))
    manifests = [world.manifests[each] for each in held if each in world.manifests]
    return any(path[len(content.prefix) :] in manifest for manifest in manifests) if manifests else None


def known_of(serving: Serving, service: str, view: View, wish: Wish, sites: tuple[str, ...]) -> Known:
    """`sites` in the order of the decision, the chosen one first."""
    content = serving.pages.prefixes[service].find(wish.path) if wish.content and wish.path is not None else None
    if not sites or content is None or wish.path is None or not content.scanned:
        return Known(None, sites)
    held = [_generation(serving, _Hold(service, view, content.name, site)) for site in sites]
    if not held[0]:
        return Known(None, sites[:1])
    world, path = serving.world, wish.path
    file = file_of(world, held[0], content, path)
    if held.count(held[0]) == len(held):
        return Known(file, sites)
    same = [
        one
        for one, each in zip(sites, held, strict=True)
        if each == held[0] or same_file(file, file_of(world, each, content, path))
    ]
    return Known(file, tuple(same))


class _Hold(NamedTuple):
    service: str
    view: View
    content: str
    site: str


def _generation(serving: Serving, hold: _Hold) -> str:
    """ "" where none is known, or where something is not as it says. Kept with the World."""
    found = serving.generations.get(hold)
    if found is None:
        site = serving.pages.sites[hold.site]
        found = generation_at(serving.world, hold.service, hold.view, site, hold.content)
        serving.generations[hold] = found
    return found
