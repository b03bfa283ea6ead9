"""Knot and we share a secret: each believes the server cookies of the other, and of nobody else (RFC 9018 section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.ports import free_port
from tests.scenarios.lifecycle import settings
from tests.scenarios.node import HOST, RunningNode
from tests.scenarios.peers.knot import knot
from tests.scenarios.peers.process import LOOPBACK, Endpoint

SECRET = "e5e973e5a6b2a43f48e7dc849e37bfcf"  # of RFC 9018 appendix A.1
MODULE = f"mod-cookies:\n  - id: shared\n    secret: 0x{SECRET}\n    badcookie-slip: 1\n"
ZONE = f"@ 300 IN SOA ns1.{HOST}. hostmaster.{HOST}. 1 3600 600 1209600 30\n@ 300 IN NS ns1.{HOST}.\nns1 300 IN A 127.0.0.1\n"
CLIENT = bytes.fromhex("2464c4abcf10c957")


@dataclass(frozen=True)
class Pair:
    ours: Endpoint
    knot: Endpoint


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("cookies")
    with ExitStack() as stack:
        node = stack.enter_context(RunningNode(settings(folder, cookies={"secrets_file": str(secrets(folder))}), folder))
        beside = stack.enter_context(
            knot(
                folder / "knot",
                {f"{HOST}.": ZONE},
                (LOOPBACK, free_port()),
                sections=MODULE,
                template="    global-module: mod-cookies/shared\n",
            )
        )
        yield Pair(node.dns, beside.endpoint)


def secrets(folder: Path) -> Path:
    file = folder / "secrets"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    return file


def ask(endpoint: Endpoint, cookie: bytes) -> tuple[dns.rcode.Rcode, bytes]:
    """The RCODE, and the cookie that came back."""
    query = dns.message.make_query(HOST, "SOA", use_edns=0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)])
    reply = dns.query.udp(query, endpoint[0], 20, endpoint[1])
    (told,) = (option.to_wire() or b"" for option in reply.options if option.otype == 10)
    return reply.rcode(), told


def alone(endpoint: Endpoint, cookie: bytes) -> dns.rcode.Rcode:
    """RFC 7873 section 5.4: without a question, to hear whether a cookie is good."""
    query = dns.message.Message(id=1)
    query.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)])
    return dns.query.udp(query, endpoint[0], 20, endpoint[1]).rcode()


def spoilt(cookie: bytes) -> bytes:
    return cookie[:-1] + bytes((cookie[-1] ^ 1,))


def test_knot_believes_our_cookies(pair: Pair) -> None:
    rcode, cookie = ask(pair.ours, CLIENT)
    assert (rcode, cookie[:8], len(cookie)) == (dns.rcode.NOERROR, CLIENT, 24)
    assert ask(pair.knot, CLIENT)[0] == dns.rcode.BADCOOKIE  # it wants one
    assert ask(pair.knot, spoilt(cookie))[0] == dns.rcode.BADCOOKIE
    assert ask(pair.knot, cookie)[0] == dns.rcode.NOERROR


def test_we_believe_the_cookies_of_knot(pair: Pair) -> None:
    rcode, cookie = ask(pair.knot, CLIENT)
    assert (rcode, cookie[:8], len(cookie)) == (dns.rcode.BADCOOKIE, CLIENT, 24)
    assert alone(pair.ours, spoilt(cookie)) == dns.rcode.BADCOOKIE
    assert alone(pair.ours, cookie) == dns.rcode.NOERROR


def test_both_make_the_same_cookie_in_the_same_second(pair: Pair) -> None:
    """RFC 9018 section 4.3: from the secret, the client's half, the version, the time and the client's address alone."""
    for _ in range(10):
        ours, theirs = ask(pair.ours, CLIENT)[1], ask(pair.knot, CLIENT)[1]
        if ours[12:16] == theirs[12:16]:  # the time
            assert ours == theirs
            return
    pytest.fail("no two cookies within the same second")
