"""delv, BIND's validator, asks a signed zone over real sockets and believes what it gets."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rdatatype
import pytest

from gslb.dns import Responder
from tests.dns import worlds
from tests.dns.door import Door, opened
from tests.dns.worlds import HOST, PLACES, ZONE
from tests.ports import free_port

pytestmark = pytest.mark.skipif(shutil.which("delv") is None, reason="delv (bind9-dnsutils) is not installed")


@pytest.fixture(scope="module", params=["ecdsap256sha256", "ed25519"])
def signed(request: pytest.FixtureRequest) -> Iterator[Door]:
    config, signer = worlds.signed(algorithm=request.param)
    responder = Responder(worlds.serving(worlds.world(config), tuple(PLACES), signer=signer), node="tokyo-1")
    with opened(responder, port=free_port("127.0.0.1", "::1")) as door:  # one for all transports: delv mixes them
        yield door


@pytest.fixture(scope="module")
def anchors(signed: Door, tmp_path_factory: pytest.TempPathFactory) -> Path:
    [keys] = signed.ask(dns.message.make_query(ZONE, "DNSKEY")).answer
    lines = []
    for key in keys:
        flags, protocol, algorithm, *data = key.to_text().split()
        lines.append(f'{ZONE}. static-key {flags} {protocol} {algorithm} "{"".join(data)}";')
    path = tmp_path_factory.mktemp("delv") / "anchors"
    path.write_text("trust-anchors {\n" + "\n".join(lines) + "\n};\n")
    return path


def delved(door: Door, anchors: Path, name: str, kind: str, *options: str) -> str:
    absolute = name if name.endswith(".") else f"{name}.{ZONE}."
    command = ["delv", "@127.0.0.1", "-p", str(door.ports["udp4"]), "-a", str(anchors), f"+root={ZONE}", *options, absolute, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("go", "A", "192.0.2.80"),
        (f"{ZONE}.", "SOA", "ns1.inetboot.test."),
        (f"{HOST}.", "A", "192.0.2."),
        (f"{HOST}.", "AAAA", "2001:db8:"),
        ("any.wild", "MX", "mail.inetboot.test."),
        ("www", "A", "192.0.2.80"),
        ("any.alias", "A", "192.0.2.80"),
        ("signed", "DS", "12345 13 2"),
        ("odd", "TYPE65280", "010203"),
    ],
)
def test_data_is_fully_validated(signed: Door, anchors: Path, name: str, kind: str, told: str) -> None:
    shown = delved(signed, anchors, name, kind)
    assert "; fully validated" in shown
    assert told in shown


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("nowhere", "A", "ncache nxdomain"),
        ("a.b.c.nowhere", "A", "ncache nxdomain"),
        ("x.here.wild", "A", "ncache nxdomain"),
        ("go", "MX", "ncache nxrrset"),
        (f"{HOST}.", "MX", "ncache nxrrset"),
        ("any.wild", "A", "ncache nxrrset"),
        ("below", "A", "ncache nxrrset"),
        ("down.below", "A", "ncache nxrrset"),
        ("sub", "DS", "ncache nxrrset"),
        (f"{ZONE}.", "AAAA", "ncache nxrrset"),
    ],
)
def test_absence_is_fully_validated(signed: Door, anchors: Path, name: str, kind: str, told: str) -> None:
    shown = delved(signed, anchors, name, kind)
    assert told in shown
    assert "; negative response, fully validated" in shown


def test_is_as_sound_over_tcp(signed: Door, anchors: Path) -> None:
    assert "; fully validated" in delved(signed, anchors, "go", "A", "+tcp")


def test_a_wrong_anchor_is_noticed(signed: Door, anchors: Path, tmp_path: Path) -> None:
    """So that the others prove something."""
    wrong = tmp_path / "anchors"
    text = anchors.read_text()
    key = text.split('"')[1]
    wrong.write_text(text.replace(key, key[:20] + key[20:40][::-1] + key[40:]))
    shown = delved(signed, wrong, "go", "A")
    assert "fully validated" not in shown
    assert "resolution failed" in shown
