"""What a request says about itself is believed only as far as it can be."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.admin import credentials
from gslb.admin.credentials import Host, is_local
from tests.fuzz import fuzz_admin

CORPUS = Path(fuzz_admin.__file__).parent / "corpus" / "admin"

OURS = ("127.0.0.1", 8053)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("localhost", Host("localhost", None)),
        ("LocalHost.:8053", Host("localhost", 8053)),
        ("127.0.0.1:80", Host("127.0.0.1", 80)),
        ("[::1]:8053", Host("::1", 8053)),
    ],
)
def test_host_is_read_without_case_brackets_and_final_dot(text, host):
    assert Host.parse(text) == host


@pytest.mark.parametrize(
    "text", ["", ".", ".a", "a b", "a:", "a:65536", "::1", "[::1", "[zz]", "a/b", "a@b", "[1.2.3.4]x", "ä", "٣:80"]
)
def test_what_is_no_host_is_none(text):
    assert Host.parse(text) is None


@pytest.mark.parametrize(
    ("peer", "server", "host"),
    [
        ("127.0.0.1", OURS, "127.0.0.1:8053"),
        ("127.0.0.1", OURS, "127.0.0.1"),
        ("127.8.8.8", OURS, "localhost:8053"),
        ("::1", ("::1", 8053), "[::1]:8053"),
        ("::ffff:127.0.0.1", ("::ffff:127.0.0.1", 8053), "127.0.0.1:8053"),
        ("127.0.0.1", ("127.0.0.3", 8053), "127.0.0.3:8053"),
    ],
)
def test_loopback_is_the_peer_and_the_host_together(peer, server, host):
    assert is_local({"host": host}, peer, server)


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("198.51.100.7", {"host": "127.0.0.1:8053"}),  # anybody may write what they like into Host
        ("127.0.0.1", {"host": "attacker.example:8053"}),  # DNS rebinding
        ("127.0.0.1", {"host": "127.0.0.1.attacker.example"}),
        ("127.0.0.1", {"host": "localhost.attacker.example:8053"}),
        ("127.0.0.1", {"host": "127.0.0.2:8053"}),  # no listener of ours
        ("127.0.0.1", {"host": "127.0.0.1:9999"}),  # not our port
        ("127.0.0.1", {}),
        ("testclient", {"host": "localhost"}),
        ("", {"host": "localhost"}),
        ("127.0.0.1", {"host": "localhost", "x-forwarded-for": "198.51.100.7"}),  # a proxy of this machine
        ("127.0.0.1", {"host": "localhost", "forwarded": "for=198.51.100.7"}),
    ],
)
def test_anything_less_is_not_loopback(peer, headers):
    assert not is_local(headers, peer, OURS)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer   abc ", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("Bearer a b", None),
        ("Bearer é", None),
        ("Bearer " + "x" * 513, None),
    ],
)
def test_bearer_tokens(header, token):
    assert credentials.bearer(header) == token


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b"token=abc", "abc"),
        (b"token=a%2Bb+", "a+b"),
        (b"other=1&token=abc", "abc"),
        (b"", None),
        (b"token=", None),
        (b"token=%C3%A9", None),
        (b"token=%FF", None),
        (b"\xff", None),
        (b"&".join([b"a=1"] * 9) + b"&token=abc", None),
        (b"token=" + b"x" * 2048, None),
    ],
)
def test_forms(body, token):
    assert credentials.form_token(body) == token


@given(st.text(max_size=80))
@example("[::1%eth0]")
@example("1" * 400)
def test_no_text_breaks_a_parser(text):
    host = Host.parse(text)
    if host is not None:
        assert host.name == host.name.lower()
        assert host.port is None or 0 <= host.port <= 65535
        written = f"[{host.name}]" if ":" in host.name else host.name
        assert Host.parse(written if host.port is None else f"{written}:{host.port}") == host
    token = credentials.bearer(text)
    assert token is None or (token.isascii() and token.isprintable() and 0 < len(token) <= credentials.LONGEST_TOKEN)
    number = credentials.event_number(text)
    assert number is None or 0 <= number < 10**15
    credentials.address_of(text)


@given(st.binary(max_size=4096))
def test_no_form_breaks_the_parser(body):
    token = credentials.form_token(body)
    assert token is None or (token.isascii() and token.isprintable())


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus_breaks_nothing(path):
    fuzz_admin.one_input(path.read_bytes())
