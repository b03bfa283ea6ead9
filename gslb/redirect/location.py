"""From the target of a request to the `Location` of its answer.

Path and query reach the client again octet for octet: not decoded, not collapsed, not tidied. Mirrors may tell `%2F` from
`/`, and iPXE rewrites `%2F` in a query that somebody else added. What is ours is taken out: `/@N/` before the path, `avoid`
and `mirrorlist` in the query.

Nothing but printable ASCII gets through, so no target can end a header line (RFC 9112 section 3.2, RFC 3986 section 2).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from gslb.redirect.refusal import Refusal

LOCATION_MAX: Final = 2047  # octets: BusyBox and boot firmware have buffers of 2 KB
TARGET_MAX: Final = 8192  # octets of a request's target

_CLEAN: Final = re.compile(rb'[!"$-~]+')  # printable, and no fragment: that never leaves a client (RFC 9112 section 3.2)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?@]+)([/?].*)?", re.IGNORECASE)
_NTH: Final = re.compile(rb"/@([1-9][0-9]*)(?=/)")
_NTH_MAX: Final = 999  # more sites than anybody has
_OWN: Final = (b"avoid", b"mirrorlist")


class Target(NamedTuple):
    """`suffix` is path and query as the mirror is to get them; `path` the same without the query.

    `authority` is the host of an absolute target (RFC 9112 section 3.2.2), None for the usual kind.
    """

    suffix: bytes
    path: bytes
    nth: int = 1
    avoid: tuple[bytes, ...] = ()
    mirrorlist: bool = False
    listed_as: bytes = b""  # the value of `mirrorlist`
    authority: bytes | None = None


def read_target(raw: bytes) -> Target:
    """Raises Refusal for what is no path, or can't be told in a header."""
    if len(raw) > TARGET_MAX:
        raise Refusal(414, "The target of the request is longer than 8 KB.")
    if _CLEAN.fullmatch(raw) is None:
        raise Refusal(400, "The target of the request holds an octet that has to be percent-encoded.")
    authority = None
    if not raw.startswith(b"/"):
        authority, raw = _absolute(raw)
    if b"?" not in raw and not raw.startswith(b"/@"):
        return Target(raw, raw, authority=authority)
    return _with_parameters(raw, authority)


def _absolute(raw: bytes) -> tuple[bytes, bytes]:
    """RFC 9112 section 3.2.2. Other schemes and other forms are for proxies."""
    found = _ABSOLUTE.fullmatch(raw)
    if found is None:
        raise Refusal(400, "The target of the request is neither a path nor an http or https URL.")
    authority, rest = found[1], found[2] or b"/"
    return authority, rest if rest.startswith(b"/") else b"/" + rest


def _with_parameters(raw: bytes, authority: bytes | None) -> Target:
    path, mark, query = raw.partition(b"?")
    nth = _NTH.match(path)
    number = 1
    if nth is not None:
        number, path = int(nth[1]) if len(nth[1]) <= 3 else _NTH_MAX, path[nth.end() :]
    parts = query.split(b"&")
    kept = [part for part in parts if part.partition(b"=")[0] not in _OWN]
    if len(kept) != len(parts):
        query = b"&".join(kept)
        mark = b"?" if kept else b""
    avoid = tuple(part[len(b"avoid=") :] for part in parts if part.startswith(b"avoid="))
    lists = [part.partition(b"=")[2] for part in parts if part.partition(b"=")[0] == b"mirrorlist"]
    return Target(path + mark + query, path, number, avoid, bool(lists), lists[-1] if lists else b"", authority)


def location(url: bytes, suffix: bytes) -> bytes:
    """`url` of a site ends with one slash and `suffix` starts with one: one of the two stays."""
    if len(url) - 1 + len(suffix) > LOCATION_MAX:
        raise Refusal(414, "The redirect would be longer than 2 KB.")
    return url[:-1] + suffix


def plain_path(path: bytes) -> str:
    """To compare with the prefixes of content sets, which are written as people write paths."""
    return unquote_to_bytes(path).decode(errors="replace") if b"%" in path else path.decode("ascii")
