"""Manifests: which files a set has, as the usual tools write it down.

    HASH  path, HASH *path            sha256sum, sha1sum; with a backslash before, path is escaped
    SHA256 (path) = HASH              sha256sum --tag, BSD; also SHA1, and SIZE (path) = 123 as in FreeBSD's distinfo
    # path: 123 bytes                 the size, as in Fedora's CHECKSUM
     HASH 123 path                    below `SHA256:` or `SHA1:`, as in Debian's Release

Other comments, blank lines, other hashes, other fields of a Release and the armour of a signature count for nothing. What is
none of these makes the whole no manifest: half a list would be another generation. It comes from strangers, so nothing but
ManifestError is raised, and no name leads out of the prefix.
"""

import hashlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from probes.content.model import FileFact

LINE_LIMIT = 4096
PATH_LIMIT = 1024

_FIELDS = {"SHA256": "sha256", "SHA1": "sha1", "SIZE": "size"}
_DIGITS = {64: "sha256", 40: "sha1"}
_SUM = re.compile(r"([0-9A-Fa-f]{32,128}) [ *](.+)")
_TAG = re.compile(r"([A-Z][A-Z0-9/-]*) ?\((.+)\) = ([0-9A-Za-z+/=]+)")
_SIZE_COMMENT = re.compile(r"# (.+): ([0-9]{1,18}) bytes")
_FIELD = re.compile(r"([A-Z][A-Za-z0-9-]*):(?: .*)?")
_LISTED = re.compile(r" +([0-9A-Fa-f]{32,128}) +([0-9]{1,18}) +(\S.*)")
_NUMBER = re.compile(r"[0-9]{1,18}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_SIGNED, _SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"


class ManifestError(ValueError):
    """What is no manifest; the message names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The files of one generation by path; nobody can change them, so they are shared."""

    generation: str
    files: Mapping[str, FileFact]
    paths: tuple[str, ...]  # sorted


def listed(files: dict[str, FileFact]) -> Listed:
    shared = MappingProxyType(files)
    return Listed(generation_of(shared), shared, tuple(sorted(shared)))


def parse(raw: bytes, files_max: int, own: str = "") -> Listed:
    """The manifest in these bytes. `own` is its path: a list can't hold its own hash, so what it says of itself is left out."""
    facts = _Facts(files_max)
    for number, line in _lines(raw):
        try:
            for path, field, value in _said(line, facts):
                if path != own:
                    facts.add(path, field, value)
        except ValueError as error:
            raise ManifestError(f"line {number}: {error}") from None
    return listed(facts.files())


def generation_of(files: Mapping[str, FileFact]) -> str:
    """The name of a generation: the same for the same files, in whatever order and notation they are listed."""
    digest = hashlib.sha256()
    for path in sorted(files):
        fact = files[path]
        size = "" if fact.size is None else str(fact.size)
        digest.update("\0".join((path, fact.sha256 or "", fact.sha1 or "", size, "")).encode())
    return digest.hexdigest()


def plain_path(path: str) -> str:
    """A path below the prefix, without `./`. Raises ValueError for what leads elsewhere or could disturb whoever reads it."""
    while path.startswith("./"):
        path = path[2:]
    if _CONTROL.search(path):
        raise ValueError("a name with a control character")
    if len(path) > PATH_LIMIT:
        raise ValueError(f"a name of more than {PATH_LIMIT} characters")
    segments = path.split("/")
    if "" in segments or "." in segments or ".." in segments:
        raise ValueError(f"{path[:200]!r} is not a plain path below the prefix")
    return path


class _Facts:
    """What the lines have said so far, and in which field of a Release they stand."""

    def __init__(self, files_max: int) -> None:
        self.section: str | None = None
        self.remarked: dict[str, int] = {}  # sizes in comments: they hold for what a line lists
        self._max = files_max
        self._said: dict[str, FileFact] = {}

    def add(self, path: str, field: str | None, value: str | int) -> None:
        """One fact of one file; None is a hash that we do not know."""
        path = plain_path(path)
        said = self._said.get(path)
        if said is None and len(self._said) >= self._max:
            raise ValueError(f"more than {self._max} files")
        said = said or FileFact()
        if field is not None and getattr(said, field) not in (None, value):
            raise ValueError(f"{path[:200]} has another {_WORDS[field]} in an earlier line")
        self._said[path] = said if field is None else said._replace(**{field: value})  # type: ignore[arg-type]

    def remark(self, path: str, size: int) -> None:
        if len(self.remarked) < self._max:
            self.remarked[path.removeprefix("./")] = size

    def files(self) -> dict[str, FileFact]:
        """Raises ManifestError where files have no hash, or there are none."""
        for path, said in self._said.items():
            if said.sha256 is None and said.sha1 is None:
                raise ManifestError(f"{path[:200]} has no SHA-256 and no SHA-1")
            if said.size is None and path in self.remarked:
                self._said[path] = said._replace(size=self.remarked[path])
        if not self._said:
            raise ManifestError("it lists no files")
        return self._said


_WORDS = {"sha256": "SHA-256", "sha1": "SHA-1", "size": "size"}


def _lines(raw: bytes) -> Iterator[tuple[int, str]]:
    """Numbered lines that say something, without the armour of a signature."""
    signed = False
    stream = io.BytesIO(raw)
    for number in itertools.count(1):
        octets = stream.readline(LINE_LIMIT + 2)
        if not octets:
            return
        if len(octets.rstrip(b"\r\n")) > LINE_LIMIT:
            raise ManifestError(f"line {number}: longer than {LINE_LIMIT} octets")
        try:
            line = octets.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ManifestError(f"line {number}: not UTF-8") from None
        if line == _SIGNED:
            signed = True
        elif line == _SIGNATURE:
            return
        elif line.strip():
            yield number, line.removeprefix("- ") if signed else line


def _said(line: str, facts: _Facts) -> Iterator[tuple[str, str | None, str | int]]:
    """(path, field, value) of all that a line says. Raises ValueError for a line that is none."""
    if line.startswith("#"):
        if (size := _SIZE_COMMENT.fullmatch(line)) is not None:
            facts.remark(size[1], int(size[2]))
    elif line.startswith(" "):
        yield from _release_line(line, facts)
    elif (field := _FIELD.fullmatch(line)) is not None:
        facts.section = field[1]
    elif (tag := _TAG.fullmatch(line.removeprefix("\\"))) is not None:
        yield _name(tag[2], line), *_tagged(tag[1], tag[3])
    elif (summed := _SUM.fullmatch(line.removeprefix("\\"))) is not None:
        yield _name(summed[2], line), *_hash(summed[1])
    else:
        raise ValueError(f"{line[:60]!r} is no line of a list of hashes")


def _release_line(line: str, facts: _Facts) -> Iterator[tuple[str, str | None, str | int]]:
    if facts.section is None:
        raise ValueError("it begins with a space, and stands below no field")
    if facts.section not in ("SHA256", "SHA1"):
        return
    found = _LISTED.fullmatch(line)
    if found is None or _DIGITS.get(len(found[1])) != _FIELDS[facts.section]:
        raise ValueError(f"below {facts.section}: a hash, a size and a path are expected")
    yield found[3], *_hash(found[1])
    yield found[3], "size", int(found[2])


def _hash(digits: str) -> tuple[str, str]:
    field = _DIGITS.get(len(digits))
    if field is None:
        raise ValueError(f"a hash of {len(digits)} digits is neither SHA-256 nor SHA-1")
    return field, digits.lower()


def _tagged(tag: str, value: str) -> tuple[str | None, str | int]:
    field = _FIELDS.get(tag)
    if field == "size":
        if not _NUMBER.fullmatch(value):
            raise ValueError(f"{value[:60]!r} is no size")
        return field, int(value)
    if field is not None and (not _HEXADECIMAL.fullmatch(value) or _DIGITS.get(len(value)) != field):
        raise ValueError(f"{value[:80]!r} is no {_WORDS[field]} in hexadecimal")
    return field, value.lower()


def _name(text: str, line: str) -> str:
    """The name in a line; escaped if that begins with a backslash."""
    if not line.startswith("\\"):
        return text
    return re.sub(r"\\.?", _unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    found = _ESCAPES.get(match[0])
    if found is None:
        raise ValueError(f"{match[0]!r} is no escape in a name")
    return found
