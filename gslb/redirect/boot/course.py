"""What a script says: the sites to boot from, in order, and of each file where it is and what it has to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from gslb.model import (
    BootImage,
    Choice,
    Client,
    ContentSet,
    Decision,
    ManifestFile,
    Request,
    Service,
    Site,
    View,
    World,
)
from gslb.redirect.boot.commandline import command_line, encoded
from gslb.redirect.boot.names import Kind
from gslb.redirect.location import LOCATION_MAX
from gslb.redirect.pages import url_of
from gslb.steering import decide
from gslb.steering.holding import file_of, set_of
from gslb.steering.standings import generation_at


class Wanted(NamedTuple):
    """A file by the name that it gets on the client, and its path as in a URL."""

    name: str
    path: str
    expected: ManifestFile = ManifestFile()


@dataclass(frozen=True, slots=True)
class Candidate:
    """`url` has no slash at its end. `line` is the kernel's command line when it is booted from there."""

    site: str
    url: str
    line: str


@dataclass(frozen=True, slots=True)
class Course:
    """`small` is the path of a small file that every site has, to measure with."""

    service: str
    image: str
    files: tuple[Wanted, ...]
    candidates: tuple[Candidate, ...]
    small: str

    @property
    def initrds(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.files[1:])


class Pilot:
    """Finds the course of one image for one client."""

    def __init__(self, world: World, service: Service, image: BootImage, view: View, sites: Mapping[str, Site]) -> None:
        self._world, self._service, self._image, self._view, self._sites = world, service, image, view, sites
        self._content = _set_of(service, image)

    def decide(self, client: Client, nth: int = 1, avoid: frozenset[str] = frozenset()) -> Decision:
        """By the set's prefix: of its files some may come from anywhere, all of them together only from one generation."""
        path = _decoded(self._image.kernel) if self._content is None else self._content.prefix
        return decide(self._world, client, Request(self._service.host, self._view, path, nth, avoid), trace=False)

    def course(self, choices: Sequence[Choice], kind: Kind, most: int) -> Course | None:
        """Over at most so many of these sites, all at the generation of the first; None where no site is left.

        To measure, the best of each region come first: which region is the best one is what is to be found out.
        """
        sites = [self._sites[choice.site] for choice in choices]
        generation = self._generation(sites[0]) if sites else ""
        fitting = [site for site in sites if self._generation(site) == generation and self._fits(site)]
        chosen = (_apart(fitting) if kind is Kind.FASTEST else fitting)[:most]
        files = tuple(self._files(generation))
        urls = [self._url(site) for site in chosen]
        # Kernels that are EFI programs look for their RAM disks by these names among the files of iPXE.
        words = [f"initrd={file.name}" for file in files[1:]] if kind is Kind.IPXE else []
        candidates = tuple(
            Candidate(site.id, url, command_line(self._image, words, url, [*urls[at + 1 :], *urls[:at]]))
            for at, (site, url) in enumerate(zip(chosen, urls, strict=True))
        )
        return Course(self._service.host, self._image.name, files, candidates, encoded(self._small())) if candidates else None

    def _generation(self, site: Site) -> str:
        """That the site holds of the image's set; "" if nobody knows."""
        if self._content is None:
            return ""
        return generation_at(self._world, self._service.host, self._view, site, self._content.name)

    def _fits(self, site: Site) -> bool:
        """Boot loaders have buffers of 2 KB for a URL, as for a Location."""
        image = self._image
        longest = max(len(encoded(path)) for path in (image.kernel, *image.initrd, image.httpfuse or "", self._small()))
        return len(self._url(site)) + longest <= LOCATION_MAX

    def _url(self, site: Site) -> str:
        return encoded(url_of(site, self._view) or site.url).removesuffix("/")

    def _files(self, generation: str) -> Iterator[Wanted]:
        yield Wanted("kernel", encoded(self._image.kernel), self._expected(generation, self._image.kernel))
        for number, path in enumerate(self._image.initrd, 1):
            yield Wanted(f"initrd.{number}", encoded(path), self._expected(generation, path))

    def _expected(self, generation: str, path: str) -> ManifestFile:
        known = None if self._content is None else file_of(self._world, generation, self._content, _decoded(path))
        return known or ManifestFile()

    def _small(self) -> str:
        content, check = self._content, self._service.check
        if content is not None and content.scanned:
            return content.prefix + next(iter((*content.sentinels, *([content.manifest] if content.manifest else []))))
        return check.path if check.type in ("http", "https") else self._image.kernel


def _set_of(service: Service, image: BootImage) -> ContentSet | None:
    if image.content is not None:
        return next(one for one in service.content if one.name == image.content)
    return set_of(service.content, _decoded(image.kernel))


def _decoded(path: str) -> str:
    return unquote(path.partition("?")[0])


def _apart(sites: Iterable[Site]) -> list[Site]:
    """The best of each region, then the others."""
    first: dict[str, Site] = {}
    others = [site for site in sites if first.setdefault(site.region, site) is not site]
    return [*first.values(), *others]
