"""`gslb dnssec`: from a zone without a key to one that is rolled, by the words that an operator types."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.dnssec
import dns.message
import dns.name
import dns.rrset
import pytest

from gslb.cli.entry import run
from gslb.dns.signing import load_zone_keys
from gslb.dns.signing.directory import locked, rewrite_times
from tests.ports import free_port

ZONE = "example.org"


class Files:
    """A configuration with a zone to be signed, and what the command said last."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.keys, self._capsys = folder, folder / "keys", capsys
        self.file = folder / "gslb.yaml"
        self.write()

    def write(self, **changes: object) -> None:
        zone = {"name": ZONE, "nameservers": {"ns1.example.org": ["192.0.2.53"]}, "contact": "h@example.org", "ttl": "1s"}
        document = {
            "node": "n",
            "state_dir": "state",
            "zones": [zone | {"dnssec": {"keys": "keys/"}}, zone | {"name": "unsigned.example"}],
            "sites": [{"id": "b", "region": "eu", "location": [52, 13], "addresses": ["192.0.2.2"], "url": "http://b.example/"}],
            "services": [{"host": "boot.example.org", "check": {"type": "tcp"}, "ttl": {"min": "1s", "max": "2s"}}],
        }
        self.file.write_text(json.dumps(document | changes))

    def say(self, command: str, *words: str, code: int = 0) -> str:
        """What is printed, or the error if the command fails."""
        name, *rest = words
        assert run(["dnssec", command, str(self.file), name, *rest]) == code
        said = self._capsys.readouterr()
        assert (said.err.count("\n") == 1 and not said.out) if code else said.out
        return said.err if code else said.out

    def told(self, command: str, *words: str):
        return json.loads(self.say(command, *words, "--json"))

    def passed(self) -> None:
        """Time goes by: what is to come has come."""
        for key in load_zone_keys(ZONE, self.keys).keys:
            past = {name: at and at - 100_000 for name in key.timing.__slots__ if (at := getattr(key.timing, name)) is not None}
            rewrite_times(key.at(**past))


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    return Files(tmp_path, capsys)


@pytest.mark.parametrize("algorithm", ["ecdsap256sha256", "ed25519"])
def test_keygen_makes_a_key_that_the_configuration_then_passes_with(files, algorithm, capsys):
    assert run(["check", str(files.file)]) == 2
    assert f"run: gslb dnssec keygen {files.file} {ZONE}" in capsys.readouterr().err
    told = files.told("keygen", ZONE, "--algorithm", algorithm)
    (key,) = told["keys"]
    assert (key["part"], key["algorithm"], key["state"]) == ("csk", algorithm, "active")
    assert run(["check", str(files.file)]) == 0
    assert stat.S_IMODE(os.stat(files.keys).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(key["files"] + ".private").st_mode) == 0o600


def test_keygen_takes_the_algorithm_of_the_zone_and_makes_a_pair_when_asked(files):
    files.write(zones=[{"name": ZONE, "nameservers": {"ns1.example.org": ["192.0.2.53"]}, "contact": "h@example.org",
                        "dnssec": {"keys": "keys/", "algorithm": "ed25519"}}])  # fmt: skip
    told = files.told("keygen", f"{ZONE.upper()}.", "--split")
    assert sorted((key["part"], key["algorithm"]) for key in told["keys"]) == [("ksk", "ed25519"), ("zsk", "ed25519")]


def test_a_second_keygen_is_refused_and_says_what_to_do(files):
    tag = files.told("keygen", ZONE)["keys"][0]["tag"]
    assert files.say("keygen", ZONE, code=1) == (f"gslb: {ZONE} has keys already ({tag}); `gslb dnssec roll` replaces one\n")


def test_ds_is_what_an_independent_tool_makes_of_the_key(files):
    tag = files.told("keygen", ZONE)["keys"][0]["tag"]
    key = load_zone_keys(ZONE, files.keys).keys[0]
    public = dns.rrset.from_text(ZONE + ".", 60, "IN", "DNSKEY", _dnskey(Path(key.stem + ".key")))
    expected = dns.dnssec.make_ds(dns.name.from_text(ZONE), public[0], "SHA256")
    said = files.say("ds", ZONE, "--cds").splitlines()
    assert said[0].lower() == f"{ZONE}. in ds {expected}".lower()
    assert [line.split(" IN ")[1].split()[0] for line in said] == ["DS", "CDS", "CDNSKEY"]
    assert f" {tag} 13 2 " in said[0]


@pytest.mark.skipif(shutil.which("dnssec-dsfromkey") is None, reason="BIND's tools are not installed")
def test_bind_makes_the_same_ds_of_our_files(files):
    key = files.told("keygen", ZONE)["keys"][0]
    made = subprocess.run(["dnssec-dsfromkey", "-2", key["files"] + ".key"], check=True, capture_output=True, text=True).stdout
    assert made == files.say("ds", ZONE)


def test_a_roll_goes_from_command_to_command_with_the_clock_between(files):
    old = files.told("keygen", ZONE)["keys"][0]["tag"]
    assert "too early" in files.say("roll", ZONE, "--ds-seen", code=1)
    files.passed()
    assert files.told("roll", ZONE, "--ds-seen")["next"]["text"] == "nothing is to be done"
    told = files.told("roll", ZONE)
    new = next(key["tag"] for key in told["keys"] if key["tag"] != old)
    assert _does(told) == {old: ["in_dnskey", "signs_data", "in_cds"], new: ["in_dnskey"]}
    assert f"key {new} comes into CDS and CDNSKEY" in told["next"]["text"]
    assert [line.split()[3] for line in told["parent"]] == [str(old)]
    files.passed()
    told = files.told("status", ZONE)["zones"][0]
    assert _does(told) == {old: ["in_dnskey", "signs_data"], new: ["in_dnskey", "in_cds"]}
    assert told["next"]["command"] == f"gslb dnssec roll {files.file} {ZONE} --ds-seen"
    assert [line.split()[3] for line in told["parent"]] == [str(new)]
    told = files.told("roll", ZONE, "--ds-seen", "--ds-ttl", "1h")
    assert f"key {new} begins to sign the zone, key {old} stops to sign the zone" in told["next"]["text"]
    files.passed()
    told = files.told("status", ZONE)["zones"][0]
    assert _does(told) == {old: [], new: ["in_dnskey", "signs_data", "in_cds"]}
    assert [key["state"] for key in told["keys"] if key["tag"] == old] == ["removed"]


def test_a_zone_signing_key_is_rolled_by_the_clock_alone(files):
    files.told("keygen", ZONE, "--split")
    files.passed()
    assert "say which, --part ksk or --part zsk" in files.say("roll", ZONE, code=1)
    told = files.told("roll", ZONE, "--part", "zsk")
    assert sorted(key["part"] for key in told["keys"]) == ["ksk", "zsk", "zsk"]
    files.passed()
    states = {(key["part"], key["state"]) for key in files.told("status", ZONE)["zones"][0]["keys"]}
    assert states == {("ksk", "active"), ("zsk", "active"), ("zsk", "removed")}


def test_status_is_for_people_too_and_names_every_signed_zone(files, capsys):
    assert "the zone has no key: make one" in files.say("status", ZONE)
    files.told("keygen", ZONE)
    assert run(["dnssec", "status", str(files.file)]) == 0
    said = capsys.readouterr().out
    assert "CSK" in said
    assert "in DNSKEY, signs the zone" in said
    assert "parent: example.org. IN DS " in said
    assert "unsigned.example" not in said


def test_status_tells_which_keys_the_node_that_runs_gives_out(files):
    port = free_port()
    files.write(listen={"dns": [f"127.0.0.1:{port}"]})
    told = files.told("keygen", ZONE)
    assert files.told("status", ZONE)["zones"][0]["served"] is None
    with _answering(port, _dnskey(Path(told["keys"][0]["files"] + ".key"))):
        served = files.told("status", ZONE)["zones"][0]["served"]
    assert served == {"address": f"127.0.0.1:{port}", "keys": [told["keys"][0]["tag"]]}


def test_the_one_zone_that_is_signed_need_not_be_named(files, capsys):
    for command, *options in (["keygen"], ["ds"], ["status"], ["roll", "--ds-seen"]):
        assert run(["dnssec", command, str(files.file), *options]) == 0
        assert ZONE in capsys.readouterr().out
        files.passed()


def test_of_several_signed_zones_one_has_to_be_named(files, capsys):
    zones = [
        {"name": name, "nameservers": {f"ns.{name}": ["192.0.2.53"]}, "dnssec": {"keys": "keys/"}} for name in (ZONE, "b.example")
    ]
    files.write(zones=zones)
    assert run(["dnssec", "keygen", str(files.file)]) == 2
    assert capsys.readouterr().err == f"gslb: which zone? {files.file} has 2 to be signed: {ZONE}, b.example\n"
    files.write(zones=[{key: zone[key] for key in ("name", "nameservers")} for zone in zones])
    assert run(["dnssec", "keygen", str(files.file)]) == 2
    assert "no zone is to be signed: add `dnssec: {keys: keys/}`" in capsys.readouterr().err


def test_a_roll_without_a_key_names_the_command_that_makes_one(files):
    said = files.say("roll", ZONE, code=1)
    assert said == f"gslb: {ZONE} has no key to roll; run: gslb dnssec keygen {files.file} {ZONE}\n"


@pytest.mark.parametrize("command", ["keygen", "ds", "status", "roll"])
def test_a_zone_that_is_not_there_or_not_to_be_signed_is_wrong_usage(files, command):
    assert "there is no zone nope.example in" in files.say(command, "nope.example", code=2)
    assert "add `dnssec: {keys: keys/}` to it" in files.say(command, "unsigned.example", code=2)


@pytest.mark.parametrize("command", ["keygen", "ds", "status", "roll"])
def test_a_key_file_that_is_not_sound_is_told_with_its_place(files, command):
    private = Path(files.told("keygen", ZONE)["keys"][0]["files"] + ".private")
    private.chmod(0o644)
    assert files.say(command, ZONE, code=2).startswith(f"{private}:1: (file): can be read by others")


def test_what_can_not_be_done_is_said_in_a_line(files):
    assert "has no key to roll; run: gslb dnssec keygen" in _missing(files, "roll")
    assert f"run: gslb dnssec keygen {files.file} {ZONE}" in files.say("ds", ZONE, code=1)
    assert "--ds-ttl" in files.say("roll", ZONE, "--ds-ttl", "soon", code=2)
    assert "rsasha1" in files.say("keygen", ZONE, "--algorithm", "rsasha1", code=2)


def _missing(files: Files, command: str) -> str:
    files.keys.mkdir()
    return files.say(command, ZONE, code=1)


def test_two_who_change_keys_at_once_do_not_mix(files):
    files.told("keygen", ZONE)
    with locked(files.keys):
        assert "somebody else is changing its keys; try again" in files.say("roll", ZONE, code=1)


def _does(told) -> dict[int, list[str]]:
    return {key["tag"]: [name for name in ("in_dnskey", "signs_data", "in_cds") if key[name]] for key in told["keys"]}


def _dnskey(file: Path) -> str:
    return file.read_text().partition(" IN DNSKEY ")[2].strip()


@contextmanager
def _answering(port: int, dnskey: str) -> Iterator[None]:
    """A name server with one answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))

        def answer() -> None:
            wire, peer = sock.recvfrom(512)
            reply = dns.message.make_response(dns.message.from_wire(wire))
            reply.answer.append(dns.rrset.from_text(f"{ZONE}.", 60, "IN", "DNSKEY", dnskey))
            sock.sendto(reply.to_wire(), peer)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield
        thread.join(5)
