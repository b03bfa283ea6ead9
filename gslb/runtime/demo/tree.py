"""A small InetBoot tree, the same bytes for the same recipe: what every mirror of the demo serves.

A disk image is cut into blocks, and each block is a compressed file whose name is the SHA-1 of that file as
it is stored. So anybody checks a block with `sha1sum`, without inflating it, and it may come from any mirror.
The map file `index.idx` names the block of every position, one name a line; positions with equal content
share one file, as do releases and their editions. `SHA256SUMS` covers every file of the release.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

INDEX = "index.idx"
KERNEL = "kernel"
MANIFEST = "SHA256SUMS"
RELEASES_PATH = "archives/linux/oscircular/tcgeeks"
KEXEC_PATH = "archives/linux/knoppix/xenoppix_http/kexec.sh"

_JANUARY_2008_S = 1_200_000_000
_MONTH_S = 30 * 86400
_WORDS = (b"inet", b"boot", b"knoppix", b"xen", b"plan9", b"netbsd", b"cloop", b"fuse", b"kexec", b"miniroot")

_KEXEC = """\
#!/bin/sh
# Run by PreBoot Linux: fetch a kernel and its miniroot from a mirror, and start them. $1: another site.
site=${{1:-http://knoppix.inetboot.net}}
release=$site/{releases}/{release}
wget -O /tmp/kernel "$release/kernel" && wget -O /tmp/miniroot.gz "$release/miniroot.gz" || exit 1
kexec -l /tmp/kernel --initrd=/tmp/miniroot.gz --append="httpfuse=$release/" && kexec -e
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the tree is made from. A new `release`, or `edition` of one, changes every fifth block and shares the others."""

    seed: int = 2008
    release: str = "v1.0"
    positions: int = 64
    block_bytes: int = 32 * 1024
    kernel_bytes: int = 96 * 1024
    miniroot_bytes: int = 192 * 1024
    edition: int = 1  # of the same release, at the same paths

    @property
    def prefix(self) -> str:
        """The path of the release as a client asks for it."""
        return f"/{RELEASES_PATH}/{self.release}/"

    @property
    def modified_s(self) -> int:
        """The time of every file. Of the recipe, so that equal validators mean equal content; a month between editions."""
        return _JANUARY_2008_S + zlib.crc32(repr(replace(self, edition=1)).encode()) % 10_000_000 + (self.edition - 1) * _MONTH_S

    @property
    def age(self) -> str:
        """What is new in it is made from."""
        return self.release if self.edition == 1 else f"{self.release}/{self.edition}"


def build_tree(root: Path, recipe: Recipe | None = None) -> Path:
    """Write the tree under `root` and return the directory of the release. A good one is left as it is."""
    recipe = recipe or Recipe()
    release = root / RELEASES_PATH / recipe.release
    if verify(release):
        _write_all(release, _release_files(recipe), recipe.modified_s)
    _write_all(root, {KEXEC_PATH: _kexec(recipe)}, recipe.modified_s)
    return release


def verify(release: Path) -> tuple[str, ...]:
    """What is wrong with a release, a sentence each; empty when every byte is as it should be."""
    try:
        sums = dict(_manifest(release))
        names = block_names(release)
    except (OSError, ValueError) as error:
        return (f"{release}: {error}",)
    wrong = [_digest_fault(release / name, "sha256", digest) for name, digest in sums.items()]
    wrong += [_digest_fault(release / name, "sha1", name) for name in sorted(set(names))]
    return tuple(fault for fault in wrong if fault)


def block_names(release: Path) -> tuple[str, ...]:
    """The map file: the name of the block at each position."""
    return tuple((release / INDEX).read_text("ascii").split())


def read_image(release: Path) -> bytes:
    """The disk image that the blocks make."""
    return b"".join(zlib.decompress((release / name).read_bytes()) for name in block_names(release))


def _release_files(recipe: Recipe) -> dict[str, bytes]:
    blocks = [zlib.compress(_content(recipe, position), 9) for position in range(recipe.positions)]
    names = [hashlib.sha1(block, usedforsecurity=False).hexdigest() for block in blocks]
    files = dict(zip(names, blocks, strict=True))
    files[INDEX] = "".join(f"{name}\n" for name in names).encode()
    files[KERNEL] = _filling(Random(f"{recipe.seed}/{recipe.age}/kernel"), recipe.kernel_bytes)
    miniroot = _filling(Random(f"{recipe.seed}/{recipe.age}/miniroot"), recipe.miniroot_bytes)
    files["miniroot.gz"] = gzip.compress(miniroot, mtime=0)
    sums = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files[MANIFEST] = "".join(sums).encode()
    return files


def _content(recipe: Recipe, position: int) -> bytes:
    """One block of the image: every eighth is empty, as on a disk, and every fifth is new in a release."""
    if position % 8 == 7:
        return bytes(recipe.block_bytes)
    age = recipe.age if position % 5 == 0 else ""
    return _filling(Random(f"{recipe.seed}/{position}/{age}"), recipe.block_bytes)


def _filling(random: Random, size: int) -> bytes:
    """Bytes that deflate to about half: a quarter noise, the rest words."""
    noise = random.randbytes(size // 4)
    words = b" ".join(random.choices(_WORDS, k=size // 4))
    return (noise + words)[:size].ljust(size, b"\n")


def _kexec(recipe: Recipe) -> bytes:
    return _KEXEC.format(releases=RELEASES_PATH, release=recipe.release).encode()


def _write_all(directory: Path, files: Mapping[str, bytes], modified_s: int) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")  # a mirror never serves half a file
        partial.write_bytes(content)
        os.utime(partial, (modified_s, modified_s))
        partial.replace(path)


def _manifest(release: Path) -> Iterator[tuple[str, str]]:
    for line in (release / MANIFEST).read_text("ascii").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator:
            raise ValueError(f"{MANIFEST} has a line without a name: {line!r}")
        yield name, digest


def _digest_fault(path: Path, algorithm: str, expected: str) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"{path}: {error.strerror}"
    actual = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    return None if actual == expected else f"{path}: {algorithm} is {actual}, expected {expected}"
