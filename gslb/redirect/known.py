"""What is known of the bytes behind a path, and which sites surely have the same.

Of a release set that is scanned, the manifest of the generation that a site holds tells size and hashes. Who mixes mirrors
must mix the same bytes: so of such a set only those are named together that hold one generation, or two that list the very
same file. While a site is still looked at its manifest counts already: the hashes in it are what a client can check by. Of
other paths nobody has looked at anything, and the mirrors are what the operator says they are: equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gslb.model import ContentSet, Hold, Holding, HoldingKey, ManifestFile, SetKey, Site, View, World
from gslb.redirect.serving import Wish
from gslb.steering.holding import generations_of, set_of
from gslb.steering.standings import family_of


class Known(NamedTuple):
    """`file` is None where no manifest lists it. `sites` begin with the first, and may be mixed with it."""

    file: ManifestFile | None
    sites: tuple[str, ...]


class Place(NamedTuple):
    """Where a file is: in which release set, under which name there."""

    content: ContentSet
    name: str


def place_of(world: World, service: str, path: str) -> Place | None:
    """Of a decoded path; None where no scanned set covers it."""
    content = set_of(world.configuration.service(service).content, path)
    return Place(content, path[len(content.prefix) :]) if content is not None and content.scanned else None


def is_listed(world: World, service: str, path: str) -> bool | None:
    """Whether some generation that is held lists this decoded path; None where no manifest says anything about it."""
    place = place_of(world, service, path)
    if place is None:
        return None
    held = generations_of(world).held(SetKey(service, place.content.name))
    manifests = [world.manifests[each] for each in held if each in world.manifests]
    return any(place.name in manifest for manifest in manifests) if manifests else None


def known_of(world: World, service: str, view: View, wish: Wish, sites: Sequence[Site]) -> Known:
    """`sites` in the order of the decision, the chosen one first."""
    if not sites:
        return Known(None, ())
    place = place_of(world, service, wish.path) if wish.content and wish.path is not None else None
    if place is None:
        return Known(None, tuple(site.id for site in sites))
    held = [_holding(world, service, view, place.content, site) for site in sites]
    first = held[0]
    if first is None:
        return Known(None, (sites[0].id,))
    file = _listed(world, first, place.name)
    same = [site.id for site, each in zip(sites, held, strict=True) if each and _alike(world, each, first, file, place.name)]
    return Known(file, tuple(same))


def _holding(world: World, service: str, view: View, content: ContentSet, site: Site) -> Holding | None:
    """None where no generation is known, or where something is not as it says."""
    family = family_of(site, view) or view.family
    holding = world.holdings.get(HoldingKey(service, content.name, view.door, site.id, family))
    sound = holding is not None and holding.hold in (Hold.GOOD, Hold.UNKNOWN) and holding.generation
    return holding if sound else None


def _listed(world: World, holding: Holding, name: str) -> ManifestFile | None:
    manifest = world.manifests.get(holding.generation)
    return None if manifest is None else manifest.files.get(name)


def _alike(world: World, holding: Holding, first: Holding, file: ManifestFile | None, name: str) -> bool:
    if holding.generation == first.generation:
        return True
    other = _listed(world, holding, name)
    return other is not None and file is not None and _same_bytes(file, other)


def _same_bytes(one: ManifestFile, other: ManifestFile) -> bool:
    """By the strongest hash that both manifests tell."""
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256
    return bool(one.sha1) and one.sha1 == other.sha1
