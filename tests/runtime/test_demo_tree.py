"""The demo's tree is good, the same every time, and `verify` finds whatever is wrong with it."""

import hashlib
import subprocess
import zlib
from pathlib import Path

import pytest

from gslb.runtime.demo.tree import (
    INDEX,
    KEXEC_PATH,
    MANIFEST,
    Recipe,
    block_names,
    build_tree,
    read_image,
    verify,
)

SMALL = Recipe(positions=16, block_bytes=4096, kernel_bytes=4096, miniroot_bytes=4096)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return build_tree(tmp_path, SMALL)


def everything(root: Path) -> dict[str, tuple[bytes, float]]:
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime) for path in root.rglob("*") if path.is_file()}


def test_the_default_tree_is_whole_and_where_clients_look_for_it(tmp_path: Path):
    release = build_tree(tmp_path)
    assert release == tmp_path / "archives/linux/oscircular/tcgeeks/v1.0"
    assert verify(release) == ()
    assert len(block_names(release)) == 64
    assert {"kernel", "miniroot.gz", INDEX, MANIFEST} < {path.name for path in release.iterdir()}
    assert (tmp_path / KEXEC_PATH).read_text().startswith("#!/bin/sh\n")


def test_one_recipe_gives_the_same_bytes_and_times_everywhere(tmp_path: Path):
    build_tree(tmp_path / "one", SMALL)
    build_tree(tmp_path / "two", SMALL)
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_another_seed_gives_other_bytes_and_other_times(tmp_path: Path):
    one = build_tree(tmp_path / "one", SMALL)
    two = build_tree(tmp_path / "two", Recipe(3, "v1.0", 16, 4096, 4096, 4096))
    assert (one / "kernel").read_bytes() != (two / "kernel").read_bytes()
    assert (one / "kernel").stat().st_mtime != (two / "kernel").stat().st_mtime


def test_the_blocks_make_the_image(release: Path):
    assert len(read_image(release)) == 16 * 4096


def test_a_block_is_named_by_the_sha1_of_the_stored_file(release: Path):
    name = block_names(release)[0]
    stored = (release / name).read_bytes()
    assert hashlib.sha1(stored).hexdigest() == name
    assert len(stored) < len(zlib.decompress(stored)) == 4096


def test_equal_blocks_are_one_file(release: Path):
    names = block_names(release)
    assert names[7] == names[15]
    assert len(set(names)) == 15


def test_a_new_release_shares_the_blocks_that_did_not_change(tmp_path: Path):
    old = set(block_names(build_tree(tmp_path, SMALL)))
    new = set(block_names(build_tree(tmp_path, Recipe(2008, "v1.1", 16, 4096, 4096, 4096))))
    assert old != new
    assert len(old & new) > len(old) / 2


def test_sha256sum_agrees_with_the_manifest(release: Path):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=release, check=True)


def test_the_script_for_kexec_is_one_that_a_shell_reads(release: Path):
    subprocess.run(["sh", "-n", release.parents[4] / KEXEC_PATH], check=True)


def test_a_good_tree_is_left_alone(release: Path):
    before = (release / "kernel").stat().st_ino
    build_tree(release.parents[4], SMALL)
    assert (release / "kernel").stat().st_ino == before


@pytest.mark.parametrize("name", ["kernel", "miniroot.gz", INDEX])
def test_a_changed_file_is_found_and_mended(release: Path, name: str):
    path = release / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert any(name in fault for fault in verify(release))
    assert verify(build_tree(release.parents[4], SMALL)) == ()


def test_a_changed_block_is_found_by_both_digests(release: Path):
    name = block_names(release)[3]
    (release / name).write_bytes(b"other")
    faults = verify(release)
    assert len(faults) == 2
    assert "sha256 is" in faults[0]
    assert "sha1 is" in faults[1]


def test_a_missing_file_is_found(release: Path):
    (release / "kernel").unlink()
    assert verify(release) == (f"{release / 'kernel'}: No such file or directory",)


def test_a_manifest_that_is_no_manifest_is_found(release: Path):
    (release / MANIFEST).write_text("nonsense\n")
    assert "has a line without a name" in verify(release)[0]


def test_no_tree_is_one_fault(tmp_path: Path):
    assert len(verify(tmp_path)) == 1
