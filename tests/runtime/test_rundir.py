"""Where control and workers meet, also when the disk is in trouble."""

import stat
import subprocess
import sys

import pytest

from gslb.errors import StoreError
from gslb.runtime.rundir import run_directory


def test_it_is_made_for_its_user_alone(tmp_path):
    found = run_directory(str(tmp_path / "a" / "b"))
    assert found.path == tmp_path / "a" / "b" / "run"
    assert found.fault == ""
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o700
    assert list(found.path.iterdir()) == []


def test_one_that_others_could_read_is_closed_to_them(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    assert stat.S_IMODE(run_directory(str(tmp_path)).path.stat().st_mode) == 0o700


def test_a_state_dir_that_is_a_file_is_a_mistake(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as told:
        run_directory(str(tmp_path / "file"))
    assert str(told.value) == f"state_dir {tmp_path / 'file'} can't be used: Not a directory"


@pytest.mark.needs_root
@pytest.mark.parametrize("options", ["ro", "size=4k,nr_inodes=1"])
def test_a_disk_in_trouble_is_told_and_done_without(tmp_path, options):
    code = (
        "import sys; from gslb.runtime.rundir import run_directory\n"
        "a, b = (run_directory(sys.argv[1]) for _ in range(2)); assert a == b, (a, b); print(a.path); print(a.fault)"
    )
    (tmp_path / "tmp").mkdir()
    (tmp_path / "state").mkdir()
    command = f'mount -t tmpfs -o {options} none "$1" && TMPDIR="$2" exec "$3" -c "$4" "$1"'
    words = ["unshare", "--mount", "sh", "-ec", command, "sh", tmp_path / "state", tmp_path / "tmp", sys.executable, code]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    path, fault = told.stdout.splitlines()
    assert path.startswith(f"{tmp_path}/tmp/gslb-0-")
    assert fault.startswith(f"{tmp_path}/state can't be written: ")
    assert fault.endswith("; a restart will forget all")
