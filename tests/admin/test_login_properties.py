"""No cookie, header or way back that somebody makes up opens anything, or breaks anything."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin import credentials
from gslb.admin.oidc.desk import Return, returned
from gslb.admin.oidc.errand import WITHIN_S, Errands
from gslb.admin.sessions import Sessions
from gslb.runtime.oidcfile import parse_secret
from gslb.runtime.secretfile import Unusable
from gslb.state.tokens import read
from tests.admin.bench import OPERATOR, Bench
from tests.fuzz import fuzz_login

CORPUS = Path(fuzz_login.__file__).parent / "corpus" / "login"
STATE = "[A-Za-z0-9_-]{43}"


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus_breaks_nothing(path):
    fuzz_login.one_input(path.read_bytes())


@given(st.binary(max_size=600))
def test_whatever_strangers_send_opens_nothing(data):
    fuzz_login.one_input(data)


@given(cookie=st.text(max_size=120), csrf=st.text(max_size=120))
def test_no_cookie_or_value_that_is_made_up_is_one_of_ours(cookie, csrf):
    book = Sessions()
    session = book.find(book.open("digest", 0.0), 1.0)
    assert session is not None
    assert book.find(cookie, 1.0) is None
    assert not session.is_vouched_for(csrf)
    assert session.is_vouched_for(session.csrf)


@given(state=st.from_regex(STATE, fullmatch=True), began=st.integers(0, 10**12), mac=st.from_regex(STATE, fullmatch=True))
def test_no_errand_that_nobody_began_is_ended(state, began, mac):
    assert Errands().end(f"{state}.{began}.{mac}", state, float(began)) is None


@given(waited_s=st.floats(0, 2 * WITHIN_S), at=st.integers(0, 200), character=st.sampled_from("Aa0-_.é"))
def test_an_errand_is_ended_as_it_was_begun_soon_and_once(waited_s, at, character):
    errands = Errands()
    errand, cookie = errands.begin(1000.0)
    changed = cookie[: at % len(cookie)] + character + cookie[at % len(cookie) + 1 :]
    if changed != cookie:
        assert errands.end(changed, errand.state, 1000.0) is None
    assert Errands().end(cookie, errand.state, 1000.0) is None  # of another node, or before a restart
    ended = errands.end(cookie, errand.state, 1000.0 + waited_s)
    assert ended == (errand if waited_s < WITHIN_S else None)
    assert errands.end(cookie, errand.state, 1000.0 + waited_s) is None


def test_the_marks_of_ended_errands_are_bounded():
    errands = Errands()
    for _ in range(5000):
        errand, cookie = errands.begin(0.0)
        assert errands.end(cookie, errand.state, 1.0) == errand
    assert len(errands._done) == 4096


@given(st.lists(st.tuples(st.sampled_from(["state", "code", "error", "iss", "other"]), st.text(max_size=60)), max_size=6))
def test_a_way_back_is_one_or_none(query):
    came = returned(query)
    if came is not None:
        names = [name for name, _ in query if name != "other"]
        assert len(set(names)) == len(names)
        assert came == Return(
            **{"code": "", "error": "", "issuer": None}
            | {_NAMES.get(name, name): value for name, value in query if name != "other"}
        )
        assert urlencode(query)


_NAMES = {"iss": "issuer"}


@given(origin=st.text(max_size=80), host=st.text(max_size=80))
def test_an_origin_is_ours_only_if_it_names_the_host(origin, host):
    if credentials.is_same_host(origin, host):
        assert origin.lower().partition("://")[0] in ("http", "https")
        assert origin.partition("://")[2].lower().replace(".:", ":").rstrip(".") == host.lower().replace(".:", ":").rstrip(".")


@given(st.text(max_size=2000))
def test_no_line_of_a_file_breaks_the_reading_of_tokens_and_secrets(text):
    assert read(text) is None
    try:
        parse_secret(text.encode("utf-8", "replace"))
    except Unusable:
        pass


def test_no_authorization_that_is_made_up_lets_anybody_in(visit, node: Bench):
    for header in (
        "Bearer",
        "Bearer ",
        f"Basic {OPERATOR}",
        f"Bearer {OPERATOR} {OPERATOR}",
        f"Bearer {OPERATOR}x",
        "Bearer gslb_aaaaaaaa_" + "A" * 43,
    ):
        assert visit(peer="198.51.100.7").get("/api/v1/me", headers={"Authorization": header}).status_code == 401
