"""Becoming somebody with fewer rights, in processes of their own."""

import os
import stat
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path

import pytest

from gslb.errors import UsageError
from gslb.runtime.privileges import become, known_user, names

BECOME = """
import os, sys
from pathlib import Path
from gslb.errors import GslbError
from gslb.runtime.privileges import become, names
try:
    become("nobody", (Path(sys.argv[1]),))
except GslbError as error:
    print(error)
    raise SystemExit(error.exit_code)
print(*names(), os.getresuid(), os.getgroups())
Path(sys.argv[1], "mine").write_text("x")
try:
    os.setuid(0)
except PermissionError:
    print("for good")
"""


def run(folder, *words):
    return subprocess.run([*words, sys.executable, "-c", BECOME, str(folder)], capture_output=True, text=True, check=False)


def test_a_user_that_is_not_there_is_told():
    with pytest.raises(UsageError) as told:
        known_user("no-such-user")
    assert str(told.value) == "user 'no-such-user' does not exist on this machine: create it, or leave `user` out"


def test_to_be_who_one_is_already_is_nothing(tmp_path):
    before = tmp_path.stat()
    become(names()[0], (tmp_path,))
    assert tmp_path.stat() == before


@pytest.mark.needs_root
def test_root_becomes_the_user_for_good_and_gives_it_the_directories(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    (folder / "state.db").write_text("old")
    (tmp_path / "elsewhere").write_text("not theirs")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    for way in (tmp_path, *takewhile(lambda way: way != Path(tempfile.gettempdir()), tmp_path.parents)):
        way.chmod(way.stat().st_mode | 0o055)
    told = run(folder)
    assert told.returncode == 0, told.stderr
    assert told.stdout == "nobody nogroup (65534, 65534, 65534) [65534]\nfor good\n"
    assert (folder / "state.db").stat().st_uid == 65534
    assert (tmp_path / "elsewhere").stat().st_uid == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.needs_root
def test_one_who_is_not_root_is_told_who_could(tmp_path):
    words = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    told = run(tmp_path, *words)
    assert (told.returncode, told.stdout) == (2, "only root can become user 'nobody': start as root, or leave `user` out\n")


def test_a_user_without_a_name_is_told_by_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert names()[0] == "4000000"
