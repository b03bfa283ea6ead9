"""Metalinks: which mirrors have a file, in order, and its size and hashes. Version 4 (RFC 5854), and 3 for older programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from gslb import __version__
from gslb.model import ManifestFile

GENERATOR: Final = f"gslb/{__version__}"
_PREFERENCE: Final = 100  # of the first mirror in version 3, where the highest is the best


class Source(NamedTuple):
    url: str
    country: str | None


class File(NamedTuple):
    """`origin` is where this Metalink is to be had again, if that is known. `sources` are in order."""

    name: str
    origin: str | None
    sources: Sequence[Source]
    known: ManifestFile | None = None


def write_metalink4(file: File) -> bytes:
    lines = (
        '<metalink xmlns="urn:ietf:params:xml:ns:metalink">',
        f"<generator>{escape(GENERATOR)}</generator>",
        *([f'<origin dynamic="true">{escape(file.origin)}</origin>'] if file.origin else []),
        f'<file name="{escape(file.name)}">',
        *_facts(file.known, "sha-256", "sha-1"),
        *(
            f'<url{_attribute("location", source.country)} priority="{number}">{escape(source.url)}</url>'
            for number, source in enumerate(file.sources, 1)
        ),
        "</file>",
        "</metalink>",
    )
    return _document(lines)


def write_metalink3(file: File) -> bytes:
    known = file.known or ManifestFile()
    hashes = list(_hashes(known, "sha256", "sha1"))
    lines = (
        f'<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" generator="{escape(GENERATOR)}"'
        f"{_attribute('origin', file.origin)}>",
        "<files>",
        f'<file name="{escape(file.name)}">',
        *_size(known),
        *(["<verification>", *hashes, "</verification>"] if hashes else []),
        "<resources>",
        *(
            f'<url type="{source.url.partition(":")[0]}"{_attribute("location", source.country)}'
            f' preference="{max(1, _PREFERENCE - number)}">{escape(source.url)}</url>'
            for number, source in enumerate(file.sources)
        ),
        "</resources>",
        "</file>",
        "</files>",
        "</metalink>",
    )
    return _document(lines)


def _document(lines: Sequence[str]) -> bytes:
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', *lines, "")).encode()


def _attribute(name: str, value: str | None) -> str:
    if not value:
        return ""
    return f' {name}="{escape(value.lower() if name == "location" else value)}"'


def _facts(known: ManifestFile | None, sha256: str, sha1: str) -> Iterator[str]:
    if known is not None:
        yield from _size(known)
        yield from _hashes(known, sha256, sha1)


def _size(known: ManifestFile) -> Iterator[str]:
    if known.size is not None:
        yield f"<size>{known.size}</size>"


def _hashes(known: ManifestFile, sha256: str, sha1: str) -> Iterator[str]:
    """The names of the hashes differ between the versions."""
    for name, value in ((sha256, known.sha256), (sha1, known.sha1)):
        if value:
            yield f'<hash type="{name}">{value}</hash>'
