"""Exit codes and what goes where: 0 done, 1 it ran and failed, 2 wrong usage; a line on standard error, no traceback."""

import io
import json
import subprocess
import sys

import pytest

import gslb
from gslb.cli.entry import main, run

ALL = sorted(
    [
        "acts",
        "alerts",
        "check",
        "demo",
        "dnssec",
        "drain",
        "enable",
        "events",
        "explain",
        "geo",
        "import",
        "incidents",
        "maintenance",
        "override",
        "scan",
        "serve",
        "simulate",
        "status",
        "token",
        "undo",
    ]
)


def test_help_lists_every_command_and_says_what_exit_codes_mean(capsys):
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    listed = said.partition("Commands:\n")[2].partition("\n\n")[0]
    assert sorted(line.split()[0] for line in listed.splitlines()) == ALL
    assert "0 done, 1 it ran and failed, 2 wrong usage or configuration" in said


@pytest.mark.parametrize("command", [*ALL, "demo tell", "geo build", "geo lookup"])
def test_every_command_has_a_help_text(command, capsys):
    assert run([*command.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: gslb {command}")
    assert len(said.splitlines()) > 5


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"gslb {gslb.__version__}\n"


def test_no_command_at_all_is_wrong_usage_and_shows_the_help(capsys):
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dance"], "gslb: No such command 'dance'"),
        (["serve"], "gslb: Missing option '--config'"),
        (["check"], "gslb: Missing argument 'FILE'"),
        (["explain", "gslb.yaml"], "gslb: Missing argument 'ADDRESS'"),
        (["explain", "gslb.yaml", "::1", "--via", "carrier-pigeon"], "gslb: Invalid value for '--via'"),
        (["drain", "jp-tokyo-1"], "gslb: Missing option '--reason'"),
        (["drain", "jp-tokyo-1", "--reason", "x", "--for", "soon"], '--for: "soon" is not a duration'),
        (["status", "--admin", "ftp://x"], "ftp://x is no address of a node"),
        (["status", "--admin", "http://x:port"], "'http://x:port' is no address of a node"),
        (["demo", "--dns", "5300"], '--dns: "5300" is not address:port'),
        (["serve", "--config", "x", "--workers", "-1"], "gslb: Invalid value for '--workers'"),
        (["geo", "lookup", "tokyo"], "'tokyo' is neither an address nor a network"),
        (["check", "one.yaml", "two.yaml"], "gslb: check takes one FILE, or --compare OLD NEW"),
        (["check", "--compare", "one.yaml"], "gslb: check takes one FILE, or --compare OLD NEW"),
        (["explain", "x.yaml", "::1", "--path", "index.html"], "'index.html' is no path: it starts with a slash"),
    ],
)
def test_wrong_usage_is_a_line_on_standard_error_and_exit_2(words, told, capsys):
    assert run(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(told)


@pytest.mark.parametrize("words", [["status"], ["events"], ["events", "--follow"], ["enable", "jp-tokyo-1"]])
def test_a_node_that_is_not_there_is_a_line_on_standard_error_and_exit_1(words, capsys):
    assert run([*words, "--admin", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("no node answers at http://127.0.0.1:1 (")
    assert said.err.count("\n") == 1


def test_a_configuration_that_is_not_there_is_told_as_a_fault(capsys):
    assert run(["serve", "--config", "/nowhere.yaml"]) == 2
    assert capsys.readouterr().err == "/nowhere.yaml:1: (file): can't be read: No such file or directory\n"


@pytest.mark.parametrize("where", [0, 1, 2])
def test_debug_shows_the_traceback_wherever_it_stands(where, capsys):
    words = ["geo", "lookup", "nowhere"]
    words.insert(where, "--debug")
    assert run([word for word in words if word != "--debug"], debug=True) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_our_own_is_a_line_too(tmp_path, capsys):
    """A standard output that breaks is as unexpected as anything."""

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise RuntimeError("the paper\nis out")

    before, sys.stdout = sys.stdout, Broken()
    try:
        assert run(["geo", "lookup", "133.11.0.1", "--json"]) == 1
    finally:
        sys.stdout = before
    said = capsys.readouterr().err
    assert said.startswith("gslb: a fault of its own: RuntimeError: the paper is out; ")
    assert said.count("\n") == 1


def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    command = f"{sys.executable} -m gslb --help | true; exit ${{PIPESTATUS[0]}}"
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=30)
    assert said.stderr == ""
    assert said.returncode in (0, 1)


def test_main_exits_with_the_code(capsys):
    with pytest.raises(SystemExit) as left:
        main(["geo", "lookup", "x", "--debug"])
    assert left.value.code == 2
    assert "Traceback" in capsys.readouterr().err


def test_python_m_gslb_is_gslb():
    said = subprocess.run(
        [sys.executable, "-m", "gslb", "geo", "lookup", "133.11.0.0/16", "--json"], capture_output=True, check=True
    )
    assert json.loads(said.stdout)["country"] == "JP"
