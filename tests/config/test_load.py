"""From a file: what is read, what is refused whole, and what paths mean."""

import hashlib
from pathlib import Path

import pytest

from gslb.config import load, parse
from gslb.errors import ConfigurationError
from gslb.model import Configuration
from tests.config.base import BASE, FILE, changed

ROOT = Path(__file__).parents[2]
COPIED = sorted([ROOT / "config" / "inetboot.yaml", *(ROOT / "config" / "examples").glob("*.yaml")])


def refused(raw: bytes, tmp_path: Path) -> str:
    path = tmp_path / FILE
    path.write_bytes(raw)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    [fault] = caught.value.faults
    return str(fault).removeprefix(f"{tmp_path}/")


@pytest.mark.parametrize("path", COPIED, ids=lambda path: path.name)
def test_what_operators_copy_has_no_fault(path):
    assert isinstance(load(path), Configuration)


def test_the_reference_has_the_thirteen_sites():
    configuration = load(ROOT / "config" / "inetboot.yaml")
    regions = [site.region for site in configuration.sites]
    assert [regions.count(region) for region in ("us", "eu", "jp")] == [3, 3, 7]
    assert all(site.url == f"http://{site.id}.example/" for site in configuration.sites)
    assert configuration.service("knoppix.inetboot.net").regions == {
        "us": ("us", "eu", "jp"),
        "eu": ("eu", "us", "jp"),
        "jp": ("jp", "us", "eu"),
        "default": ("us", "eu", "jp"),
    }


def test_the_minimal_example_names_few_keys():
    text = (ROOT / "config" / "examples" / "minimal.yaml").read_text()
    assert len([line for line in text.splitlines() if line.strip() and not line.startswith("#")]) < 30


def test_the_digest_is_that_of_the_text(tmp_path):
    path = tmp_path / FILE
    path.write_text(BASE)
    configuration = load(path)
    assert configuration.digest == hashlib.sha256(BASE.encode()).hexdigest()
    assert configuration.file == str(path)
    assert parse(BASE, str(path)) == configuration


def test_windows_line_ends_and_a_byte_order_mark_change_nothing_but_the_digest(tmp_path):
    path = tmp_path / FILE
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load(path).zones == parse(BASE, str(path)).zones


def test_relative_paths_are_relative_to_the_file(tmp_path):
    text = changed(("node: tokyo-1", "node: tokyo-1\nstate_dir: state"), ("geo:\n", "geo:\n  databases: [bundled, my.mmdb]\n"))
    configuration = parse(text, str(tmp_path / FILE))
    assert configuration.state_dir == str(tmp_path / "state")
    assert configuration.geo.databases == ("bundled", str(tmp_path / "my.mmdb"))


def test_the_state_is_under_xdg_state_home_by_default(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert parse(BASE, FILE).state_dir == "/somewhere/gslb/tokyo-1"


@pytest.mark.parametrize("xdg", ["", "relative/is/ignored"])
def test_the_state_is_under_the_home_directory_else(monkeypatch, xdg):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_STATE_HOME", xdg)
    assert parse(BASE, FILE).state_dir == "/home/somebody/.local/state/gslb/tokyo-1"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path}/none.yaml:1: (file): can't be read: No such file or directory"


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be read: Is a directory"):
        load(tmp_path)


def test_another_encoding_is_refused_at_its_line(tmp_path):
    assert refused(b"node: a\nuser: \xe9t\xe9\n", tmp_path) == (
        "gslb.yaml:2: (file): is not UTF-8: byte 0xe9 at offset 14; save it as UTF-8"
    )


def test_a_nul_byte_is_refused_at_its_line(tmp_path):
    assert refused(b"node: a\nuser: b\0\n", tmp_path) == ("gslb.yaml:2: (file): holds the control character U+0000; take it out")


@pytest.mark.parametrize("filler", [b"#", b"\xe3\x81\x82"])
def test_a_file_above_4_mb_is_refused(tmp_path, filler):
    raw = filler * (4 * 1024 * 1024 // len(filler) + 1)
    assert refused(raw, tmp_path) == "gslb.yaml:1: (file): is larger than 4 MB; no configuration is"


def test_an_empty_file_is_refused(tmp_path):
    assert refused(b"# nothing yet\n", tmp_path) == (
        "gslb.yaml:1: (file): is empty; docs/configuration.md tells what belongs here"
    )
