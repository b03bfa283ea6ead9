"""A node that signs: from its key files to answers that validate, through periods, steps of keys, and bad files."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.dnssec
import dns.message
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest

from gslb.dns import build_book, build_tree
from gslb.dns.signing import Key, Signer, ZoneKeys, load_zone_keys
from gslb.dns.signing.algorithms import ALGORITHMS
from gslb.dns.signing.directory import make_key, rewrite_times
from gslb.dns.signing.keyfile import read_private
from gslb.dns.signing.keys import Timing
from gslb.dns.signing.roll import NewKey
from gslb.errors import ConfigurationError
from gslb.model import Configuration
from gslb.runtime.control import Control
from gslb.runtime.journal import Journal
from gslb.runtime.keyfiles import read_zone_keys
from gslb.runtime.materials import load_materials
from gslb.runtime.parcel import Packer
from gslb.runtime.signing import Signing
from gslb.steering import Memo, compile_table
from tests.runtime.makers import Maker
from tests.runtime.nodes import HOST, address, configuration, running, until

pytestmark = pytest.mark.anyio

ZONE = "example.net"
IN = dns.rdataclass.IN
NOW = 1_800_000_000
DAY_S = 86400


def signed(folder: Path, **changes: object) -> Configuration:
    zones = [
        {
            "name": ZONE,
            "nameservers": {"ns1.example.net": ["192.0.2.53"]},
            "contact": "h@example.net",
            "dnssec": {"keys": "keys/"},
            "records": "txt 300 TXT here\n",
        }
    ]
    return configuration(folder, zones=zones, **changes)


def made(folder: Path, flags: int = 257, **times: int | None) -> Key:
    (folder / "keys").mkdir(exist_ok=True)
    timing = Timing(**times) if times else Timing(created=1, publish=1, activate=1)
    return make_key(ZONE, NewKey(flags, ALGORITHMS[13], timing), folder / "keys", ())


class Clock:
    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Scene:
    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.journal = Journal(None)
        self.renewed: list[Signer] = []
        self.signing = Signing(self.journal, self.renewed.append, self.clock, look_every_s=0.01)
        self.configuration = signed(folder)
        self.signing.use(self.configuration, read_zone_keys(self.configuration, self.clock.at))

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.signing.run())
        yield
        task.cancel()
        await asyncio.wait({task})

    def told(self, kind: str) -> list[str]:
        return [event.message for event in self.journal.recent if event.kind == kind]


# ------------------------------------------------------------------------------------------- what is needed


def test_a_zone_without_a_key_does_not_start_and_the_fault_names_the_command(tmp_path):
    settings = signed(tmp_path)
    (tmp_path / "keys").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        load_materials(settings)
    (fault,) = caught.value.faults
    assert (fault.file, fault.key) == (settings.file, "zones[0].dnssec")
    assert '"dnssec"' in Path(settings.file).read_text().splitlines()[fault.line - 1]
    assert fault.message.endswith(f"run: gslb dnssec keygen {settings.file} {ZONE}")


@pytest.mark.parametrize(
    ("flags", "times", "words"),
    [
        (256, {"publish": 1, "activate": 1}, "no key of it is active with flags 257"),
        (257, {"publish": NOW * 2, "activate": NOW * 2}, "no key of it is active"),
        (257, {"publish": 1, "activate": 1, "inactive": 2, "delete": 3}, "the time of all its keys is over"),
    ],
)
def test_keys_that_can_not_sign_now_are_as_good_as_none(tmp_path, flags, times, words):
    made(tmp_path, flags, **times)
    with pytest.raises(ConfigurationError, match=words):
        load_materials(signed(tmp_path))


async def test_a_start_without_a_key_is_refused(tmp_path):
    (tmp_path / "keys").mkdir()
    with pytest.raises(ConfigurationError, match="gslb dnssec keygen"):
        async with running(signed(tmp_path)):
            pass


def test_no_octet_of_a_private_key_goes_to_a_worker(tmp_path):
    key = made(tmp_path)
    settings = signed(tmp_path)
    maker = Maker(tmp_path)
    maker.configuration = settings
    signer = Signer(load_materials(settings).dnssec, settings.zones, NOW)
    snapshot = maker.snapshot()
    table = compile_table(snapshot.world, snapshot.classes, Memo())
    book = build_book(snapshot.world, table, {}, build_tree(settings, {}, signer), signer)
    assert signer.signatures > 3
    told = pickle.dumps(book) + Packer().pack(snapshot)
    secret = read_private(Path(key.stem + ".private").read_bytes()).secret
    for spelled in (secret, secret[::-1], secret[:16], secret[16:], secret.hex().encode()):
        assert spelled not in told


# ------------------------------------------------------------------------------------------ as time goes by


async def test_all_is_signed_anew_when_a_period_ends(tmp_path):
    made(tmp_path)
    scene = Scene(tmp_path)
    first = scene.signing.signer
    async with scene.watching():
        scene.clock.at = (first.until or 0) - 1
        await asyncio.sleep(0.05)
        assert scene.renewed == []
        scene.clock.at += 1
        await until(lambda: scene.renewed)
    assert scene.signing.signer.generation != first.generation
    assert scene.told("dnssec-signed")[-1].startswith(f"{ZONE} is signed until ")
    assert len(scene.told("dnssec-key")) == 1  # at the start


async def test_a_step_of_a_key_is_taken_at_its_second_and_told(tmp_path):
    old = made(tmp_path, publish=1, activate=1, inactive=NOW + 50, delete=NOW + 90)
    new = made(tmp_path, publish=NOW + 10, activate=NOW + 50, sync_publish=NOW + 30)
    scene = Scene(tmp_path)
    async with scene.watching():
        for number, at in enumerate((10, 30, 50, 90), 1):
            scene.clock.at = NOW + at
            await until(lambda number=number: len(scene.renewed) == number)
    assert scene.told("dnssec-key")[1:] == [
        f"{ZONE}: key {new.tag} is in the DNSKEY set",
        f"{ZONE}: key {new.tag} is told to the parent in CDS",
        f"{ZONE}: key {new.tag} signs the zone; key {old.tag} does not sign the zone any more",
        f"{ZONE}: key {old.tag} left the DNSKEY set",
    ]


async def test_a_clock_that_is_set_back_does_not_leave_signatures_of_the_future(tmp_path):
    made(tmp_path)
    scene = Scene(tmp_path)
    async with scene.watching():
        scene.clock.at = NOW - 400 * DAY_S
        await until(lambda: scene.renewed)
    assert scene.signing.signer.zones[ZONE].period.inception < scene.clock.at


async def test_changed_key_files_are_taken_and_bad_ones_refused_while_the_old_go_on(tmp_path):
    key = made(tmp_path)
    scene = Scene(tmp_path)
    first = scene.signing.signer
    private = Path(key.stem + ".private")
    text = private.read_text()
    async with scene.watching():
        private.write_text("nonsense\n")
        await until(lambda: scene.signing.key_faults == 1)
        (message,) = scene.told("dnssec-keys-refused")
        assert f"{private}:1: Private-key-format: is not a line" in message
        assert scene.signing.signer.zones == first.zones
        os.unlink(key.stem + ".key")
        await until(lambda: scene.signing.key_faults == 2)
        assert scene.renewed == []
        private.write_text(text)
        new = made(tmp_path, publish=NOW, activate=NOW)
        await until(lambda: scene.renewed)
    assert scene.signing.signer.zones[ZONE].keys.published == (new,)


async def test_keys_that_are_mended_are_told_of_and_so_is_a_chmod(tmp_path):
    private = Path(made(tmp_path).stem + ".private")
    scene = Scene(tmp_path)
    async with scene.watching():
        private.chmod(0o644)
        await until(lambda: scene.told("dnssec-keys-refused"))
        assert "chmod 600" in scene.told("dnssec-keys-refused")[0]
        assert scene.told("dnssec-keys-accepted") == []
        private.chmod(0o600)
        await until(lambda: scene.told("dnssec-keys-accepted"))
    assert scene.renewed == []


async def test_keys_whose_time_is_over_go_on_and_are_told_as_an_error(tmp_path):
    key = made(tmp_path, publish=1, activate=1, inactive=NOW + 10, delete=NOW + 20)
    scene = Scene(tmp_path)
    async with scene.watching():
        scene.clock.at = NOW + 30
        await until(lambda: scene.told("dnssec-overdue"))
    assert scene.signing.signer.zones[ZONE].keys.data_signers == (key,)
    assert scene.signing.gauges(scene.signing.signer)["gslb_dnssec_keys_overdue", ZONE] == 1.0


def test_metrics_tell_keys_by_state_and_when_what_is_served_expires(tmp_path):
    made(tmp_path)
    made(tmp_path, publish=1, activate=1, inactive=2)
    scene = Scene(tmp_path)
    signer = scene.signing.signer
    found = scene.signing.gauges(signer)
    assert found["gslb_dnssec_keys", ZONE, "active"] == found["gslb_dnssec_keys", ZONE, "retired"] == 1
    assert found["gslb_dnssec_keys", ZONE, "prepared"] == 0
    assert 10 * DAY_S < found["gslb_dnssec_signature_expiry_timestamp_seconds", ZONE] - NOW <= 14 * DAY_S
    assert "gslb_dnssec_signature_expiry_timestamp_seconds" not in {name for name, *_ in scene.signing.gauges(None)}


# ------------------------------------------------------------------------------------------- a node that runs


@pytest.mark.parametrize("workers", [0, 1])
async def test_what_a_node_answers_validates_before_and_after_its_keys_change(tmp_path, workers):
    key = made(tmp_path)
    async with running(signed(tmp_path), workers) as control:
        for name, kind in ((ZONE, "SOA"), (f"txt.{ZONE}", "TXT"), (HOST, "A")):
            await validated(control, name, kind)
        serial = await soa_serial(control)
        new = make_key(ZONE, NewKey(257, ALGORITHMS[15], Timing(publish=1, activate=1)), tmp_path / "keys", ())
        await until_async(lambda: tags(control), {key.tag, new.tag})
        assert await soa_serial(control) > serial
        rewrite_times(load_zone_keys(ZONE, tmp_path / "keys").keys[0].at(delete=2, inactive=2))
        await until_async(lambda: count(control), 1)
        for name, kind in ((ZONE, "SOA"), (f"txt.{ZONE}", "TXT"), (HOST, "A")):
            await validated(control, name, kind)
        assert control.node.counters()["gslb_dnssec_signatures_total",] > 0
        gauges = control.node.gauges()
        assert gauges["gslb_dnssec_signature_expiry_timestamp_seconds", ZONE] > NOW - 400 * DAY_S
        assert {name for name, *_ in gauges} <= set(control.node.metrics) | {"gslb_info"}


async def test_the_serial_does_not_change_over_a_restart_within_a_period(tmp_path):
    made(tmp_path)
    settings = signed(tmp_path)
    serials = []
    for _ in range(2):
        async with running(settings) as control:
            serials.append(await soa_serial(control))
    assert serials[0] == serials[1]


async def test_a_reload_begins_and_ends_signing(tmp_path):
    made(tmp_path)
    async with running(configuration(tmp_path)) as control:
        assert not (await query(control, ZONE, "DNSKEY")).answer
        for settings, count_of_keys in ((signed, 1), (configuration, 0)):
            settings(tmp_path)
            control.reload()
            await until_async(lambda: count(control), count_of_keys)


async def test_a_reload_that_lacks_a_key_is_tried_again_when_the_key_is_made(tmp_path):
    async with running(configuration(tmp_path)) as control:
        signed(tmp_path)
        control.reload()
        await until(lambda: any(event.kind == "reload-refused" for event in control.node.events(100, None)))
        made(tmp_path)
        await until_async(lambda: count(control), 1)


async def query(control: Control, name: str, kind: str) -> dns.message.Message:
    host, port = address(control, "dns-udp")
    return await dns.asyncquery.udp(dns.message.make_query(name, kind, want_dnssec=True), host, 10, port)


async def found(control: Control, name: str, kind: str) -> tuple[dns.rrset.RRset | None, dns.rrset.RRset | None]:
    reply = await query(control, name, kind)
    owner, number = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    records = reply.get_rrset(reply.answer, owner, IN, number)
    return records, reply.get_rrset(reply.answer, owner, IN, dns.rdatatype.RRSIG, number)


async def validated(control: Control, name: str, kind: str) -> None:
    keys, _ = await found(control, ZONE, "DNSKEY")
    records, signatures = await found(control, name, kind)
    assert keys is not None
    assert records is not None
    assert signatures is not None
    known: dict[dns.name.Name, dns.rdataset.Rdataset | dns.node.Node] = {dns.name.from_text(ZONE): keys}
    dns.dnssec.validate(records, signatures, known)


async def tags(control: Control) -> set[int]:
    keys, _ = await found(control, ZONE, "DNSKEY")
    return set() if keys is None else {dns.dnssec.key_id(key) for key in keys}


async def count(control: Control) -> int:
    return len(await tags(control))


async def soa_serial(control: Control) -> int:
    soa, _ = await found(control, ZONE, "SOA")
    assert soa is not None
    return int(soa[0].serial)


async def until_async(ask, wanted, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while await ask() != wanted:  # noqa: ASYNC110 - it asks the node each time
            await asyncio.sleep(0.05)


def test_keys_of_a_zone_are_those_of_its_directory(tmp_path):
    key = made(tmp_path)
    assert read_zone_keys(signed(tmp_path), NOW) == {ZONE: ZoneKeys(ZONE, (key,))}


def test_a_node_that_dropped_its_rights_says_that_it_will_not_see_its_keys_change(tmp_path):
    made(tmp_path)
    scene = Scene(tmp_path)
    assert scene.told("dnssec-keys-unreadable") == []
    keys = dict(scene.signing._keys)
    (tmp_path / "keys").rename(tmp_path / "elsewhere")  # root, who runs tests, can read all that is there
    scene.signing.use(scene.configuration, keys)
    assert scene.told("dnssec-keys-unreadable") == [
        f"{ZONE}: this node can't read {tmp_path}/keys (any more): it will not see keys that change"
    ]


async def test_keys_that_a_reload_read_are_served_though_the_configuration_is_the_same(tmp_path):
    old = made(tmp_path)
    async with running(signed(tmp_path)) as control:
        new = made(tmp_path)
        control.reload()
        await until_async(lambda: tags(control), {old.tag, new.tag})
