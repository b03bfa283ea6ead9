"""Every page speaks English and Japanese: the same messages, with the same parameters, for the server and for the browser."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin.app import STATIC
from gslb.admin.pages import frame
from gslb.admin.pages.language import CODES, language, preferred

PARTS = sorted(path.name for path in (STATIC / "messages" / "en").glob("*.json"))


def messages(code: str, part: str) -> dict[str, str | dict[str, str]]:
    def once(pairs):
        assert len({key for key, _ in pairs}) == len(pairs), f"{code}/{part} says a key twice"
        return dict(pairs)

    found: dict[str, str | dict[str, str]] = json.loads((STATIC / "messages" / code / part).read_text(), object_pairs_hook=once)
    return found


def parameters(message: str | dict[str, str]) -> set[str]:
    texts = [message] if isinstance(message, str) else list(message.values())
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("part", PARTS)
def test_both_languages_have_the_same_messages_with_the_same_parameters(part):
    english, japanese = messages("en", part), messages("ja", part)
    assert english.keys() == japanese.keys()
    for key, message in english.items():
        assert parameters(message) == parameters(japanese[key]), key
        assert all(text.strip() for text in ([message] if isinstance(message, str) else message.values())), key


def test_plurals_have_the_forms_that_their_language_knows():
    for code, forms in (("en", {"one", "other"}), ("ja", {"other"})):
        for key, message in language(code).messages.items():
            assert isinstance(message, str) or message.keys() == forms, key


def test_no_part_takes_a_message_from_another():
    keys = [key for part in PARTS for key in messages("en", part)]
    assert len(keys) == len(set(keys))


def sources() -> list[Path]:
    ours = [path for path in STATIC.rglob("*.js") if path.parent.name != "vendor"]
    return sorted([*ours, *Path(frame.__file__).parent.glob("*.py")])


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_whatever_is_said_is_a_message(path):
    for key in re.findall(r"""\b(?:t|rich)\(\s*"([^"{]+)\"""", path.read_text()):
        assert key in language("en").messages, key


def kinds() -> set[str]:
    """Of events and acts, as the code writes them."""
    text = "\n".join(path.read_text() for path in sorted(STATIC.parents[1].rglob("*.py")))
    told = re.findall(
        r'\b(?:tell|_tell)\(\s*"([a-z-]+)",\s*Severity\.|\.record\(\s*principal,\s*"([a-z-]+)"|Moment\([^"\n]*"([a-z-]+)"', text
    )
    return {"opened", "undo", *(name for names in told for name in names if name)}


@pytest.mark.parametrize("code", CODES)
def test_whatever_happens_has_a_name_in_every_language(code):
    spoken = language(code).messages
    assert len(kinds()) > 30
    assert [kind for kind in sorted(kinds()) if f"event.{kind}" not in spoken] == []
    acts = re.findall(r'\.record\(\s*principal,\s*"([a-z-]+)"', "".join(each.read_text() for each in STATIC.parent.rglob("*.py")))
    assert [act for act in sorted({"undo", *acts}) if f"act.{act}" not in spoken] == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("fr, de;q=0.5, ja;q=0.1", "ja"),
        ("de", "en"),
        ("*", "en"),
        ("ja;q=0", "en"),
        ("ja;q=2, ,;;, JA ; Q=0.7", "ja"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(header, code):
    assert preferred(header) == code


@given(st.text() | st.text("jaen-*;q=01.,  "))
def test_whatever_a_browser_says_there_is_a_language(header):
    assert preferred(header) in CODES


def test_messages_are_filled_in_and_counted():
    assert language("en").t("time.d", n=1) == "1 day"
    assert language("en").t("time.d", n=2) == "2 days"
    assert language("ja").t("time.d", n=1) == "1日"
    assert language("en").t("time.h", n=1) == "1 h {minutes} min"
    assert language("en").t("no.such.key") == "no.such.key"
    assert language("ja").word("state", "down") == "停止"
    assert language("ja").word("state", "new-word") == "new-word"
