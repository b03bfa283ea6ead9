"""What happens to an open index while its files are replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.model import GeoSettings, Place
from tests.geo.makers import country, index, mmdb, where


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return mmdb(tmp_path / "x.mmdb", {"18.0.0.0/8": country("US")}, "GeoLite2-Country")


def test_a_file_moved_into_place_is_noticed_and_opened(path: Path, tmp_path: Path):
    old = index(path)
    assert not old.changed()
    mmdb(tmp_path / "new", {"18.0.0.0/8": country("JP")}).replace(path)
    assert old.changed()
    assert where(old, "18.1.1.1")[0] == Place("US")
    new = old.reopen()
    assert where(new, "18.1.1.1")[0] == Place("JP")
    assert not new.changed()
    assert new.sources != old.sources


def test_a_file_cut_short_in_place_harms_nobody(path: Path):
    """`cp new old` cuts it short before it writes. With a mapping the next look-up would be our last (SIGBUS)."""
    old = index(path)
    os.truncate(path, 0)
    assert [where(old, f"{first}.1.1.1")[0] for first in (17, 18)] == [Place(), Place("US")]
    assert old.changed()


def test_a_broken_new_file_leaves_the_old_index_and_is_refused_once(path: Path):
    old = index(path)
    path.write_bytes(path.read_bytes()[:300])
    assert old.changed()
    with pytest.raises(GeoError, match="broken or truncated"):
        old.reopen()
    assert where(old, "18.1.1.1")[0] == Place("US")
    assert not old.changed()
    mmdb(path, {"18.0.0.0/8": country("JP")})
    assert old.changed()
    assert where(old.reopen(), "18.1.1.1")[0] == Place("JP")


def test_a_file_taken_away_leaves_the_old_index(path: Path):
    old = index(path)
    path.unlink()
    assert old.changed()
    with pytest.raises(GeoError, match="No such file"):
        old.reopen()
    assert where(old, "18.1.1.1")[0] == Place("US")
    assert not old.changed()


def test_a_file_put_back_as_it_was_is_no_change(path: Path, tmp_path: Path):
    old = index(path)
    path.rename(tmp_path / "aside")
    with pytest.raises(GeoError):
        old.reopen()
    (tmp_path / "aside").rename(path)
    assert not old.changed()


def test_open_indexes_hold_no_descriptor(path: Path):
    before = os.listdir("/proc/self/fd")
    opened = [index(path) for _ in range(5)]
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert len(opened) == 5


def test_the_bundled_database_does_not_change():
    assert not GeoIndex.open(GeoSettings()).changed()
