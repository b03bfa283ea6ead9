"""Cookie secrets of a node that shares none, and those of a file that changes under a running node."""

from __future__ import annotations

import itertools
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.message
import pytest
from structlog.testing import capture_logs

from gslb.dns.keyring import Keyring
from gslb.model import Configuration
from gslb.runtime.cookiesecrets import DOCUMENT, RENEWED_EVERY_S, OwnSecrets
from gslb.runtime.journal import Journal
from gslb.runtime.memory import open_store
from tests.runtime.nodes import HOST, address, configuration, running, until
from tests.runtime.test_cookiefiles import FIRST, SECOND

pytestmark = pytest.mark.anyio

NOON = 1_700_000_000.0
NO_SECRETS = (
    *("", "{", "[]", "7", "[" * 100_000, '{"made": 1}', '{"made": "x", "secrets": []}'),
    *('{"made": 1, "secrets": ["00"]}', '{"made": 1, "secrets": [7]}'),
    *(f'{{"made": {made}, "secrets": ["{"ab" * 16}"]}}' for made in ("NaN", "1e999", "-1", "null")),
)


@pytest.fixture
def store(tmp_path):
    store = open_store(str(tmp_path / "state"))
    assert store is not None
    yield store
    store.close()


def own(store, journal=None) -> OwnSecrets:
    numbers = itertools.count(1)
    return OwnSecrets(store, journal or Journal(store), lambda octets: bytes([next(numbers)] * octets))


class TestOwn:
    async def test_is_made_once_and_kept_over_restarts(self, store):
        (secret,) = own(store).at(NOON)
        assert len(secret) == 16
        assert OwnSecrets(store, Journal(store)).at(NOON + RENEWED_EVERY_S - 1) == (secret,)

    async def test_is_a_new_one_every_day_and_the_former_is_believed(self, store):
        secrets = own(store)
        days = [secrets.at(NOON + day * RENEWED_EVERY_S) for day in range(4)]
        assert [len(found) for found in days] == [1, 2, 2, 2]
        assert all(after[1] == before[0] != after[0] for before, after in itertools.pairwise(days))
        assert OwnSecrets(store, Journal(store)).at(NOON + 3.5 * RENEWED_EVERY_S) == days[3]

    async def test_of_a_clock_that_was_set_back_is_renewed(self, store):
        secrets = own(store)
        first = secrets.at(NOON)
        assert secrets.at(NOON - 3600)[1] == first[0]

    @pytest.mark.parametrize("text", NO_SECRETS)
    async def test_of_a_text_that_is_none_is_made_anew(self, store, text):
        store.keep_document(DOCUMENT, text)
        secrets = own(store).at(NOON)
        assert secrets[0] == bytes([1] * 16)
        assert own(store).at(NOON) == secrets

    async def test_without_a_store_lives_as_long_as_the_node(self):
        secrets = own(None, Journal(None))
        assert secrets.at(NOON) == secrets.at(NOON + 1)

    async def test_a_store_that_fails_is_told_and_done_without(self, store):
        journal = Journal(store)
        store.close()
        with capture_logs() as logged:
            secrets = own(store, journal)
            assert secrets.at(NOON) == secrets.at(NOON)
        assert {line["kind"] for line in logged} == {"store-failed"}

    async def test_gives_way_to_a_file(self, store):
        secrets = own(store)
        assert secrets.added_to(Keyring((b"shared",))).cookies == (b"shared",)
        assert len(secrets.added_to(Keyring()).cookies) == 1


async def cookie(control, sent: bytes) -> bytes:
    """What a node answers to a cookie."""
    host, port = address(control, "dns-udp")
    query = dns.message.make_query(HOST, "A", options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, sent)])
    found: bytes | None = (await dns.asyncquery.udp(query, host, 3, port)).options[0].to_wire()
    assert found is not None
    return found


def made_with(control) -> str:
    return str(control._plane.responder.serving.keyring.cookies[0].hex())


def results(control) -> dict[str, int]:
    return {key[1]: count for key, count in control._plane.counters.items() if key[0] == "gslb_dns_cookies_total"}


def shared(folder) -> tuple[Path, Configuration]:
    """A file of one secret, and who uses it."""
    path = folder / "cookies"
    path.write_text(f"{FIRST}\n")
    path.chmod(0o600)
    return path, configuration(folder, cookies={"secrets_file": "cookies"})


class TestNode:
    async def test_believes_after_a_restart_what_it_made_before(self, tmp_path):
        settings = configuration(tmp_path)
        async with running(settings) as control:
            made = await cookie(control, b"ClientCk")
        async with running(settings) as control:
            assert await cookie(control, made) == made
            assert results(control)["good"] == 1

    async def test_reads_a_file_again_that_was_replaced(self, tmp_path):
        path, settings = shared(tmp_path)
        async with running(settings) as control:
            made = await cookie(control, b"ClientCk")
            new = tmp_path / "cookies.new"
            new.write_text(f"{SECOND}\n{FIRST}\n")
            new.chmod(0o600)
            new.replace(path)
            await until(lambda: made_with(control) == SECOND)
            assert await cookie(control, made) != made
            assert results(control)["renewed"] == 1

    async def test_refuses_a_file_that_is_broken_and_goes_on_with_what_it_has(self, tmp_path):
        path, settings = shared(tmp_path)
        async with running(settings) as control:
            made = await cookie(control, b"ClientCk")
            path.write_text("no secret\n")
            await until(lambda: not control.node.reload.accepted)
            assert str(control.node.reload.faults[0]).startswith(f"{path}:1: cookies.secrets_file: ")
            assert await cookie(control, made) == made
            path.write_text(f"{SECOND}\n{FIRST}\n")
            await until(lambda: control.node.reload.accepted)
            await until(lambda: made_with(control) == SECOND)
