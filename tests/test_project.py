"""The repository tests itself: what STYLE and the contract ask of files rather than of behaviour."""

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import gslb

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-build.lock", "requirements-test.lock"]
LOCKED_LINE = re.compile(
    r"[a-z0-9-]+==[\w.!+]+( ; [\w .'\"<>=!()]+)? \\"  # a name, a version, perhaps a marker; hashes follow
    r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
)
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


def packaged_files() -> Iterator[str]:
    for folder in ("gslb", "probes"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_versions_and_hashes_and_nothing_else(name):
    lines = (ROOT / name).read_text().splitlines()
    strange = [line for line in lines if not line.startswith("#") and not LOCKED_LINE.fullmatch(line)]
    assert strange == []
    assert any("==" in line for line in lines)


def test_what_the_tests_run_with_is_what_runs_elsewhere():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-test.lock")


def test_npm_lock_holds_no_addresses():
    text = (ROOT / "tests/browser/package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert all("integrity" in entry for path, entry in packages.items() if path)


def test_modules_stay_small():
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in modules("gslb", "probes", "tests")
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_modules_are_named_for_the_field():
    named = modules("gslb", "probes", "tests")
    assert [path for path in named if {path.stem, path.parent.name} & VAGUE] == []


def test_nothing_is_unfinished_by_its_own_word():
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in modules("gslb", "probes")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if unfinished.search(line)
    ]
    assert found == []


def test_licence_and_attribution_are_shipped():
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert "IP Geolocation by DB-IP" in (ROOT / "NOTICE").read_text()


def test_makefile_has_the_targets_of_the_contract():
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "lint", "bench", "test-long", "lock"} <= targets


def test_imports_follow_the_floors():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]
    lint = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize("name", ["gslb", "gslb-probe"])
def test_command_exists(name):
    (command,) = importlib.metadata.entry_points(group="console_scripts", name=name)
    assert callable(command.load())


def test_wheel_holds_every_file_of_the_packages(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    for folder in ("gslb", "probes"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))

    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, source], check=True)

    with zipfile.ZipFile(tmp_path / f"gslb-{gslb.__version__}-py3-none-any.whl") as wheel:
        shipped = set(wheel.namelist())
    assert set(packaged_files()) - shipped == set()
