"""Which sites hold what a request is for: release sets, at one generation.

DNS sees no path, so a site should hold every set of the service at the generation that is served. Over HTTP only the set of
the path counts: a client stays at the generation that it began with while some site has that, and what is named by its
content may come from every generation that lists it. No rule empties a pool: where nobody has what is wanted the next best
is used, and it is said. A site whose files are wrong is out of that set whatever happens (BEHAVIOUR, HTTP 12).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from gslb.model import (
    ContentSet,
    Door,
    Family,
    Hold,
    Holding,
    HoldingKey,
    ManifestFile,
    Service,
    SetKey,
    Site,
    View,
    World,
    named_by_content,
)


class Level(IntEnum):
    """How well a site holds a set, for one request."""

    WRONG = 0
    ABSENT = 1
    OTHER = 2  # another generation than the wanted ones
    UNKNOWN = 3  # nobody has looked yet
    HELD = 4


class Need(NamedTuple):
    """What a site must hold. Over HTTP `generations` are those that will do, None any; DNS goes by what is served of each set."""

    sets: tuple[ContentSet, ...]
    generations: frozenset[str] | None = None


NOTHING = Need(())


class Generations:
    """Of one World, which generations of each set some site holds, nothing wrong with it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[SetKey, frozenset[str]] = {}
        found: dict[SetKey, set[str]] = {}
        for key, holding in world.holdings.items():
            if holding.hold is Hold.GOOD:
                found.setdefault(SetKey(key.service, key.content), set()).add(holding.generation)
        self._held = {key: frozenset(each) for key, each in found.items()}

    def held(self, key: SetKey) -> frozenset[str]:
        return self._held.get(key, frozenset())

    def wanted(self, key: SetKey, content: ContentSet, name: str, pledged: str = "") -> frozenset[str] | None:
        """Those that will do for one file of a set, `name` relative to its prefix; None: any."""
        if not content.scanned:
            return None
        held = self.held(key)
        if named_by_content(name):
            return frozenset(each for each in held if self._lists(each, name)) or None
        if pledged in held:
            return frozenset((pledged,))
        served = served_generation(self._world, key)
        return frozenset((served,)) if served else None

    def _lists(self, generation: str, name: str) -> bool:
        manifest = self._world.manifests.get(generation)
        return manifest is not None and name in manifest


_latest: tuple[World, Generations] | None = None


def generations_of(world: World) -> Generations:
    """Kept for as long as the same World is asked."""
    global _latest
    if _latest is None or _latest[0] is not world:
        _latest = (world, Generations(world))
    return _latest[1]


def served_generation(world: World, key: SetKey) -> str:
    """What is served of a set, "" while none is known."""
    edition = world.editions.get(key)
    return "" if edition is None else edition.served


def file_of(world: World, generation: str, content: ContentSet, path: str) -> ManifestFile | None:
    """What the manifest of a generation says of a decoded path of the set; None where it is not known, or lists no such file."""
    manifest = world.manifests.get(generation)
    if manifest is None or not path.startswith(content.prefix):
        return None
    return manifest.files.get(path[len(content.prefix) :])


def same_file(one: ManifestFile | None, other: ManifestFile | None) -> bool:
    """By the strongest hash that both manifests tell."""
    if one is None or other is None:
        return False
    if one.sha256 and other.sha256:
        return one.sha256.lower() == other.sha256.lower()
    return bool(one.sha1 and other.sha1) and str(one.sha1).lower() == str(other.sha1).lower()


def set_of(sets: Iterable[ContentSet], path: str) -> ContentSet | None:
    """The release set that a decoded path is of: with the longest prefix of it."""
    covering = [one for one in sets if path.startswith(one.prefix)]
    return max(covering, key=lambda one: len(one.prefix), default=None)


def needed(world: World, service: Service, door: Door, path: str | None = None, pledged: str = "") -> Need:
    """What a site must hold to answer this."""
    if door is Door.DNS:
        return Need(service.content)
    found = set_of(service.content, path) if path is not None else None
    if found is None or path is None:
        return NOTHING
    name = path[len(found.prefix) :]
    return Need((found,), generations_of(world).wanted(SetKey(service.host, found.name), found, name, pledged))


class Held(NamedTuple):
    """How one site holds one set, and what is known of it if that was looked at."""

    level: Level
    holding: Holding | None = None


def held_by(world: World, service: Service, view: View, family: Family, site: Site, content: ContentSet, need: Need) -> Held:
    """`family` is the one over which the view uses the site."""
    if site.content is not None and content.name not in site.content:
        return Held(Level.ABSENT)
    if not content.scanned:
        return Held(Level.HELD)
    holding = world.holdings.get(HoldingKey(service.host, content.name, view.door, site.id, family))
    if holding is None:
        return Held(Level.UNKNOWN)
    level = _LEVELS[holding.hold]
    if level >= Level.UNKNOWN and holding.generation:  # of a site that nobody could look at, what it had last
        wanted = need.generations
        if view.door is Door.DNS:
            served = served_generation(world, SetKey(service.host, content.name))
            wanted = frozenset((served,)) if served else None
        level = level if wanted is None or holding.generation in wanted else Level.OTHER
    return Held(level, holding)


_LEVELS = {Hold.WRONG: Level.WRONG, Hold.ABSENT: Level.ABSENT, Hold.UNKNOWN: Level.UNKNOWN, Hold.GOOD: Level.HELD}
