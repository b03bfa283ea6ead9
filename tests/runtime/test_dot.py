"""DNS over TLS in a node: its certificate, its place among the listeners, and what a reload does to both."""

from __future__ import annotations

import asyncio

import pytest

from gslb.runtime.control import Control
from gslb.runtime.selfcheck import ask_all
from gslb.runtime.sockets import listeners
from tests.runtime.nodes import address, configuration, running, until, write
from tests.runtime.test_control import LISTEN, certified, names_of

pytestmark = pytest.mark.anyio

TLS = {"certificate": "certificate.pem", "key": "key.pem"}


def listening(folder):
    certified(folder, "old.example.net")
    return configuration(folder, listen=LISTEN | {"dot": ["127.0.0.1:0"]}, tls=TLS)


def told(control: Control, kind: str) -> list[str]:
    return [event.message for event in control.node.journal.recent if event.kind == kind]


async def until_shown(where: tuple[str, int], name: str) -> None:
    async with asyncio.timeout(30):
        while await names_of(where) != name:  # noqa: ASYNC110 - told by the door itself
            await asyncio.sleep(0.05)


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path):
    async with running(listening(tmp_path)) as control:
        where = address(control, "dns-tls")
        assert await names_of(where) == "old.example.net"
        certified(tmp_path, "new.example.net")
        await until_shown(where, "new.example.net")
        await until(lambda: any(event.kind == "tls-renewed" for event in control.node.journal.recent))


async def test_a_broken_certificate_leaves_the_one_before(tmp_path):
    async with running(listening(tmp_path)) as control:
        where = address(control, "dns-tls")
        (tmp_path / "certificate.pem").write_text("nonsense")
        await until(lambda: told(control, "tls-refused"))
        assert "certificate.pem can't be loaded with its key" in told(control, "tls-refused")[0]
        assert await names_of(where) == "old.example.net"


async def test_a_key_of_another_certificate_is_told_and_a_refused_reload_goes_on_when_it_is_mended(tmp_path):
    async with running(listening(tmp_path)) as control:
        where, key = address(control, "dns-tls"), tmp_path / "key.pem"
        of_old = key.read_bytes()
        certified(tmp_path, "new.example.net")
        of_new = key.read_bytes()
        key.write_bytes(of_old)
        await until(lambda: told(control, "tls-refused"))
        assert "key.pem is not the key of the certificate" in told(control, "tls-refused")[-1]
        control.reload()
        await until(lambda: told(control, "reload-refused"))
        key.write_bytes(of_new)
        await until_shown(where, "new.example.net")
        await until(lambda: told(control, "reload"))


async def test_a_configuration_without_tls_leaves_the_open_doors_their_certificate(tmp_path):
    """Sockets stay until the next start, so they go on as what they are."""
    async with running(listening(tmp_path)) as control:
        where = address(control, "dns-tls")
        write(tmp_path, listen=LISTEN)
        control.reload()
        await until(lambda: control.configuration.tls is None)
        await until(lambda: any(event.kind == "reload" for event in control.node.journal.recent))
        await until(lambda: control.node.world.configuration.tls is None)
        await until(lambda: control._served_world() == control.node.world.number)
        assert await names_of(where) == "old.example.net"


async def test_the_node_asks_its_own_listener(tmp_path):
    settings = listening(tmp_path)
    async with running(settings) as control:
        where = [(each, address(control, each.role)) for each in listeners(settings.listen) if each.role == "dns-tls"]
        assert list((await ask_all(where, settings.node)).values()) == [""]
        assert "wrong answer" in next(iter((await ask_all(where, "another")).values()))
