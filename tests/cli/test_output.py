"""What a node tells is the words of mirrors and of other people: it may not drive the terminal of who reads it."""

import json
from datetime import UTC, datetime

import pytest

from gslb.cli import entry, output, render
from gslb.errors import NodeError
from gslb.model.text import printable

HOSTILE = ["\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\u2028", "\n2026-11-23 03:00:00  ready", "\r", "\x07", "\ud800"]


def event(message: str, who: str = "") -> dict:
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC).isoformat()
    return {"number": 1, "at": at, "kind": "site-down", "severity": "error", "subject": "a", "message": message, "who": who}


@pytest.mark.parametrize("text", HOSTILE)
def test_an_event_is_one_line_without_control_characters(text):
    line = output.plain(render.event_line(event(f"a{text}b", f"ops{text}")))
    assert line.count("\n") == 0
    assert printable(line) == line
    assert line.count("\N{REPLACEMENT CHARACTER}") == 2


def test_a_long_kind_of_an_event_does_not_run_into_its_message():
    told = event("changed keys were refused") | {"kind": "dnssec-keys-refused"}
    assert "dnssec-keys-refused changed keys" in output.plain(render.event_line(told))


def test_a_long_event_is_one_line_in_a_pipe(capsys):
    output.show(render.event_line(event("refused, " * 60)))
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_document_for_programs_keeps_all_of_it_and_shows_none(text, capsys):
    output.show_json(event(f"大阪 {text}"))
    told = capsys.readouterr().out
    assert json.loads(told) == event(f"大阪 {text}")
    assert all(printable(line) == line for line in told.split("\n"))
    assert "大阪" in told


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b2J", "\u202e"])
def test_a_refusal_of_whatever_answers_there_drives_no_terminal_either(text, capsys, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise NodeError(f"refused: {text}")

    monkeypatch.setattr(entry, "app", refused)
    assert entry.run(["status"]) == 1
    told = capsys.readouterr().err.rstrip("\n")
    assert printable(told) == told


def test_cleaning_reaches_every_text_of_a_document():
    told = {"sites": [{"reason": "\x9b", "checks": ("\u202e", 1, None, True)}]}
    assert output.cleaned(told) == {"sites": [{"reason": "\ufffd", "checks": ["\ufffd", 1, None, True]}]}
