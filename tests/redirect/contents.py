"""A release set as a scan finds it, made by hand: which site holds which generation, and what the manifests say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from gslb.model import (
    BootImage,
    Configuration,
    ContentSet,
    Door,
    Edition,
    Endpoint,
    Hold,
    Holding,
    HoldingKey,
    Listen,
    Manifest,
    ManifestFile,
    SetKey,
    World,
)
from tests.steering import world as worlds
from tests.steering.world import HOST, SITES

OWN = "http://go.knoppix.inetboot.net:8080"
RELEASE = ContentSet("release", "/v1/", manifest="SHA256SUMS")
KERNEL = b"a kernel of the new release"
BLOCK = b"a block that both releases have"
BLOCK_NAME = hashlib.sha1(BLOCK).hexdigest()


def of_bytes(data: bytes) -> ManifestFile:
    return ManifestFile(hashlib.sha256(data).hexdigest(), hashlib.sha1(data).hexdigest(), len(data))


def manifests(**files: Mapping[str, ManifestFile]) -> dict[str, Manifest]:
    return {generation: Manifest(generation, listed) for generation, listed in files.items()}


MANIFESTS = manifests(
    new={"kernel": of_bytes(KERNEL), BLOCK_NAME: of_bytes(BLOCK), "no size": ManifestFile(sha1="ab" * 20)},
    old={"kernel": of_bytes(b"a kernel of the old release"), BLOCK_NAME: of_bytes(BLOCK)},
)


def with_boot(settings: Configuration, image: BootImage) -> Configuration:
    (service,) = settings.services
    return replace(settings, services=(replace(service, boot=(image,)),))


LOOKING = Holding(Hold.UNKNOWN, "new", "not all of its files have been looked at yet")


def released(holds: Mapping[str, Holding | str] | None = None, told: Mapping[str, Manifest] = MANIFESTS) -> World:
    """Every site holds the set at "new", but those in `holds`: another generation, or what is said."""
    settings = worlds.with_service(content=(RELEASE,), http_hosts=("go.knoppix.inetboot.net",))
    now = worlds.world(replace(settings, listen=Listen(http=(Endpoint("127.0.0.1", 8080),))))
    known = {}
    for site in SITES:
        said = (holds or {}).get(site.id, "new")
        holding = Holding(Hold.GOOD, said) if isinstance(said, str) else said
        for family in (4, 6):
            known[HoldingKey(HOST, RELEASE.name, Door.HTTP, site.id, family)] = holding
    return replace(now, holdings=known, manifests=told, editions={SetKey(HOST, RELEASE.name): Edition("new")})
