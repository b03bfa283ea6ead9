"""Manifests as the usual tools write them, and what is no manifest."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.content.manifest import LINE_LIMIT, ManifestError, generation_of, parse
from probes.content.model import FileFact
from tests.fuzz import fuzz_manifest

A, B = "a" * 64, "b" * 64
SHA1 = "c" * 40


def read(text: str, files_max: int = 10, own: str = "") -> dict[str, FileFact]:
    return dict(parse(text.encode(), files_max, own).files)


NAMES = ["kernel", "with space", "back\\slash", "blocks/0a/ü.z", "-n", "#x", "(a) = b"]


@pytest.mark.parametrize("words", [["sha256sum", "-t"], ["sha256sum", "-b"], ["sha256sum", "--tag"], ["sha1sum"]])
def test_what_coreutils_write_is_read_whatever_the_names(words: list[str], tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    written = subprocess.run([*words, "--", *NAMES], cwd=tmp_path, capture_output=True, check=True).stdout
    files = parse(written, 100).files
    algorithm = words[0].removesuffix("sum")
    hashes = {name: hashlib.new(algorithm, name.encode()).hexdigest() for name in NAMES}
    assert {name: getattr(fact, algorithm) for name, fact in files.items()} == hashes


def test_a_list_of_bsd_has_sizes_and_more_than_one_hash() -> None:
    text = f"SHA256 (a) = {A}\nSIZE (a) = 12\nSHA1 (a) = {SHA1}\nMD5 (a) = {'0' * 32}\n"
    assert read(text) == {"a": FileFact(A, SHA1, 12)}


def test_a_signed_list_of_fedora_is_read_without_its_armour() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# boot.iso: 2048 bytes\n"
        f"SHA256 (boot.iso) = {A}\n# not.there: 1 bytes\n-----BEGIN PGP SIGNATURE-----\n\niQIz+junk\n"
    )
    assert read(text) == {"boot.iso": FileFact(A, None, 2048)}


def test_a_release_of_debian_is_read_by_its_sha256_and_sha1() -> None:
    text = (
        "Origin: Debian\nDate: Sat, 28 Nov 2026 09:00:00 UTC\nMD5Sum:\n 0123 1 main/x\n"
        f"SHA1:\n {SHA1}     7 main/x\nSHA256:\n {A}     7 main/x\n {B} 123456 main/y z\n"
    )
    assert read(text) == {"main/x": FileFact(A, SHA1, 7), "main/y z": FileFact(B, None, 123456)}


def test_line_ends_comments_order_and_notation_make_no_other_generation() -> None:
    one = parse(f"{A}  x\n{B} *sub/y\n".encode(), 10)
    other = parse(f"\ufeff# of today\r\n\r\n{B.upper()}  ./sub/y\r\n{A}  ./x\r\n{A}  x".encode(), 10)
    assert one.generation == other.generation
    assert parse(f"{A}  x\n{A}  sub/y\n".encode(), 10).generation != one.generation


def test_a_list_says_nothing_of_itself() -> None:
    assert read(f"{A}  SHA256SUMS\n{B}  x\n", own="SHA256SUMS") == {"x": FileFact(B)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it lists no files"),
        ("# nothing\n\n", "it lists no files"),
        (f"{A}  x\n<html>\n", "line 2: '<html>' is no line of a list of hashes"),
        (f"{A}  x\n{B}  x\n", "line 2: x has another SHA-256 in an earlier line"),
        (f"SHA256 (x) = {A}\nSIZE (x) = 1\nSIZE (x) = 2\n", "line 3: x has another size"),
        (f"{A}  /etc/passwd\n", "line 1: '/etc/passwd' is not a plain path below the prefix"),
        (f"{A}  a/../../b\n", "line 1: 'a/../../b' is not a plain path"),
        (f"{A}  a//b\n", "is not a plain path"),
        (f"{A}  .\n", "is not a plain path"),
        (f"{A}  a/\n", "is not a plain path"),
        (f"\\{A}  a\\nb\n", "line 1: a name with a control character"),
        (f"\\{A}  a\\tb\n", "line 1: '\\\\t' is no escape in a name"),
        (f"{A}  a\x00b\n", "a name with a control character"),
        (f"{A[:63]}  x\n", "line 1: a hash of 63 digits is neither SHA-256 nor SHA-1"),
        (f"{A}{A}  x\n", "a hash of 128 digits"),
        (f"{A}  {'x' * 2000}\n", "line 1: a name of more than 1024 characters"),
        (f"{A}  x\n{'y' * 100_000}\n", f"line 2: longer than {LINE_LIMIT} octets"),
        (f"SHA512 (x) = {A}{A}\n", "x has no SHA-256 and no SHA-1"),
        (f"SHA256 (x) = {SHA1}\n", "is no SHA-256 in hexadecimal"),
        ("SIZE (x) = many\n", "'many' is no size"),
        (f" {A} 1 x\n", "line 1: it begins with a space"),
        (f"SHA256:\n {A} x\n", "line 2: below SHA256: a hash, a size and a path are expected"),
        ("".join(f"{A}  {n}\n" for n in range(12)), "line 11: more than 10 files"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as error:
        read(text)
    assert said in str(error.value)


def test_octets_that_are_no_utf8_are_refused_with_their_line() -> None:
    with pytest.raises(ManifestError, match="line 2: not UTF-8"):
        parse(f"{A}  x\n{A}  ".encode() + b"\xff\n", 10)


def test_a_manifest_of_line_ends_alone_takes_no_more_memory_than_it_has() -> None:
    with pytest.raises(ManifestError, match="no files"):
        parse(b"\n" * 200_000, 10)


WORDS = [f"{A}  ", f"\\{B} *", "SHA256 (", f") = {A}", "SIZE (", ") = 12", "SHA256:\n", f" {A} 12 ", "# ", ": 3 bytes"]
WORDS += ["x", "a/b", "..", "./", "/", "\\", "\\n", "\n", "\r\n", "\x00", "ü", "-----BEGIN PGP SIGNED MESSAGE-----\n", "- "]


@given(
    st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(WORDS), max_size=30).map(lambda words: "".join(words).encode()))
)
def test_any_octets_are_a_manifest_or_are_refused(data: bytes) -> None:
    fuzz_manifest.one_input(data)


SEGMENT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/"), min_size=1, max_size=20)
PATHS = st.lists(SEGMENT.filter(lambda text: text not in (".", "..")), min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(PATHS, st.binary(min_size=32, max_size=32), min_size=1, max_size=8))
def test_what_a_tool_would_write_is_read_as_it_was(hashes: dict[str, bytes]) -> None:
    escaped = {path: path.replace("\\", "\\\\") for path in hashes}
    lines = [("\\" if "\\" in path else "") + f"{value.hex()}  {escaped[path]}" for path, value in hashes.items()]
    files = parse("\n".join(lines).encode(), 10).files
    assert files == {path: FileFact(value.hex()) for path, value in hashes.items()}
    assert generation_of(files) == parse("\n".join(reversed(lines)).encode(), 10).generation
