"""A file that is looked at: whatever way it is written, one change is told once, when it is whole."""

import hashlib
import os

from gslb.runtime.files import WatchedFile, stamp


def looks(watched: WatchedFile, times: int = 4) -> int:
    return sum(watched.changed() for _ in range(times))


def test_a_file_written_in_place_is_told_once(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    watched = WatchedFile(str(path))
    assert looks(watched) == 0
    path.write_text("bb")
    assert looks(watched) == 1


def test_a_file_renamed_into_place_is_told_once(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    watched = WatchedFile(str(path))
    (tmp_path / "new").write_text("b")
    os.utime(tmp_path / "new", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    (tmp_path / "new").replace(path)
    assert looks(watched) == 1


def test_other_rights_are_a_change(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    path.chmod(0o644)
    watched, before = WatchedFile(str(path)), stamp(str(path))
    path.chmod(0o600)
    assert looks(watched) == 1
    assert stamp(str(path)) != before


def test_nothing_is_told_while_a_writer_is_at_it(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    watched = WatchedFile(str(path))
    for size in range(2, 6):
        path.write_text("a" * size)
        assert not watched.changed()
    assert watched.changed()


def test_a_file_that_is_gone_for_a_moment_is_told_when_it_is_back(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    watched = WatchedFile(str(path))
    path.unlink()
    assert looks(watched) == 0
    path.write_text("again")
    assert looks(watched) == 1


def test_what_was_read_for_another_reason_is_not_told(tmp_path):
    path = tmp_path / "file"
    path.write_text("a")
    watched = WatchedFile(str(path))
    path.write_text("bb")
    watched.seen()
    assert looks(watched) == 0


def test_a_change_between_reading_and_watching_is_told(tmp_path):
    path = tmp_path / "file"
    path.write_text("new")
    assert looks(WatchedFile(str(path), hashlib.sha256(b"old").hexdigest())) == 1
    assert looks(WatchedFile(str(path), hashlib.sha256(b"new").hexdigest())) == 0
    assert looks(WatchedFile(str(tmp_path / "none"), "00")) == 0


def test_a_byte_order_mark_is_no_change(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbftext")
    assert looks(WatchedFile(str(path), hashlib.sha256(b"text").hexdigest())) == 0


def test_a_stamp_tells_a_renewed_file_and_a_missing_one(tmp_path):
    path = tmp_path / "file"
    missing = stamp(str(path))
    path.write_text("a")
    first = stamp(str(path))
    path.write_text("bb")
    assert len({missing, first, stamp(str(path))}) == 3
