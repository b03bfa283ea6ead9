"""What a redirect tells beside its Location: who has the same bytes (RFC 6249), and their hash (RFC 9530).

The chosen site is the first of the links, with the very Location: wget2 takes a redirect whose target is not among them for
one mirror more, and writes the file twice. Each link is a line of its own, which is how the readers of today read them.

The Metalink is named by an absolute URL or not at all: wget2 takes a relative one for a host. It also reads the Metalink
beside the file where no Digest tells it to wait, gives up where that has no size, and asks for another path where there is
more than ASCII in it, again and again. So it is told of those alone that it can use (seen with 1.99.1, of Debian 12).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from gslb.model import ManifestFile, Site
from gslb.redirect.location import LOCATION_MAX, Target

META4: Final = "application/metalink4+xml"
_UNFIT: Final = re.compile(b'[<>"]')  # would end a link before its end (RFC 8288 section 3)
_DESCRIBES: Final = b'>; rel=describedby; type="%b"\r\n' % META4.encode()


class _Link(NamedTuple):
    """A field but for the path; `room` is how many octets of path it takes."""

    site: str
    before: bytes
    behind: bytes
    room: int


class Links(NamedTuple):
    """All links of one answer, the chosen site's first, and that to the Metalink below `own`, our own URL, if there is one.

    `pieces` are all of it but for the paths, for paths of up to `room` octets.
    """

    each: tuple[_Link, ...]
    own: bytes
    octets_max: int
    pieces: tuple[bytes, ...]
    room: int

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(link.site for link in self.each)

    def write(self, target: Target, same: Collection[str] | None = None, described: bool = True) -> bytes:
        """Fields for the sites in `same`, None for all, and for the Metalink. From the end, what does not fit is left out."""
        suffix = target.suffix
        if _UNFIT.search(suffix):
            return b""
        described = described and bool(self.own) and not target.path.endswith(b"/")
        if same is None and len(suffix) <= self.room and suffix == target.path and described is bool(self.own):
            return suffix.join(self.pieces)
        links = [link for link in self.each if (same is None or link.site in same) and len(suffix) <= link.room]
        written = [link.before + suffix + link.behind for link in links]
        if described:
            query = suffix[len(target.path) :]
            written.append(b"Link: <%b%b.meta4%b%b" % (self.own, target.path, query, _DESCRIBES))
        while sum(map(len, written)) > self.octets_max:
            written.pop()
        return b"".join(written)


def links_to(sites: Sequence[tuple[Site, str]], own: str, octets_max: int) -> Links:
    """`sites` are with their urls, which end with one slash."""
    each = tuple(_link(site, url, priority) for priority, (site, url) in enumerate(sites, 1))
    before, behind = [link.before for link in each], [link.behind for link in each]
    if own:
        before.append(b"Link: <" + own.encode("ascii"))
        behind.append(b".meta4" + _DESCRIBES)
    between = [one + other for one, other in zip(behind, before[1:], strict=False)]
    pieces = (before[0], *between, behind[-1])
    room = (octets_max - sum(map(len, pieces))) // len(before)
    return Links(each, own.encode("ascii"), octets_max, pieces, min(room, *(link.room for link in each)))


def _link(site: Site, url: str, priority: int) -> _Link:
    """The country is of two letters (RFC 6249 section 3.3)."""
    geo = f"; geo={site.country.lower()}" if site.country else ""
    before, behind = f"Link: <{url[:-1]}", f">; rel=duplicate; pri={priority}{geo}\r\n"
    return _Link(site.id, before.encode("ascii"), behind.encode("ascii"), LOCATION_MAX - len(url) + 1)


def is_wget2(fields: Mapping[bytes, bytes]) -> bool:
    return fields.get(b"user-agent", b"")[:5].lower() == b"wget2"


def suits_wget2(file: ManifestFile, target: Target) -> bool:
    """Whether it gets the file by the Metalink."""
    return bool(file.sha256) and file.size is not None and b"%" not in target.path.replace(b"%20", b"")


def digest_fields(file: ManifestFile, fields: Mapping[bytes, bytes]) -> bytes:
    """Of the file to which the redirect leads. SHA-1 in the older field alone, for those who ask for that."""
    written = b""
    if file.sha256:
        written = b"Repr-Digest: sha-256=:%b:\r\n" % _base64(file.sha256)
    if b"want-digest" in fields or is_wget2(fields):
        told = [(b"SHA-256", file.sha256), (b"SHA", file.sha1)]
        digests = b",".join(name + b"=" + _base64(value) for name, value in told if value)
        written += b"Digest: %b\r\n" % digests if digests else b""
    return written


def _base64(hexadecimal: str) -> bytes:
    return b64encode(bytes.fromhex(hexadecimal))
