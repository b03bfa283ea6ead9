"""A node in one process, and with workers, from start to stop; and starts that are refused."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl

import pytest
import trustme
from cryptography import x509

from gslb.errors import BusyError, GslbError
from gslb.model import Configuration
from gslb.runtime.control import Control
from gslb.runtime.serve import until_stopped
from tests.runtime.nodes import HOST, address, ask, configuration, get, running, until

pytestmark = pytest.mark.anyio

LISTEN = {"dns": ["127.0.0.1:0"], "http": ["127.0.0.1:0"]}


@pytest.mark.parametrize("workers", [0, 1])
async def test_both_doors_answer_when_start_returns(tmp_path, workers):
    async with running(configuration(tmp_path), workers) as control:
        reply = await ask(control)
        assert str(reply.answer[0][0]) in ("192.0.2.1", "192.0.2.2")
        told = await get(control)
        assert told.startswith("HTTP/1.1 302 ")
        status = control.node.status()
        assert (status.workers, status.workers_wanted) == (workers, workers)
        assert not status.stale


@pytest.mark.parametrize("workers", [0, 1])
async def test_what_doors_count_comes_together(tmp_path, workers):
    async with running(configuration(tmp_path), workers) as control:
        for _ in range(3):
            await ask(control)
        await get(control)
        answered = ("gslb_dns_answers_total", "udp", "A", "NOERROR")
        await until(lambda: control.node.counters().get(answered) == 3)
        await until(lambda: control.node.counters().get(("gslb_http_responses_total", "302")) == 1)
        await until(lambda: len(control._publisher.classes) >= 1)


@pytest.mark.parametrize("workers", [0, 2])
async def test_a_node_that_says_it_is_ready_steers_by_what_the_probes_found(tmp_path, workers):
    async with running(configuration(tmp_path), workers) as control:
        await until(lambda: control.node.status().ready)
        for _ in range(8):  # some by each worker
            assert "why=starting" not in await get(control)


async def test_a_reload_changes_the_answers_of_the_one_process(tmp_path):
    async with running(configuration(tmp_path)) as control:
        service = {"host": HOST, "check": {"type": "exec", "command": ["/bin/true"]}, "answers": 2}
        configuration(tmp_path, services=[service])
        control.reload()
        await until(lambda: control.node.world.configuration.services[0].answers == 2)
        await until(lambda: control._publisher.published is control.node.world)
        assert len((await ask(control)).answer[0]) == 2


async def test_every_series_that_control_tells_has_its_help(tmp_path):
    async with running(configuration(tmp_path), 1) as control:
        await until(lambda: control.node.selfcheck is not None and control.node.selfcheck.deaf)
        known = control.node.metrics
        for series in (*control.node.counters(), *control.node.gauges()):
            name, *labels = series
            assert len(known[name][1]) == len(labels), series
            assert name.endswith("_total") == (series in control.node.counters())


async def test_the_node_asks_itself_and_notices_a_door_that_is_shut(tmp_path):
    async with running(configuration(tmp_path), 1) as control:
        check = control.node.selfcheck
        assert check is not None
        await until(lambda: check.deaf and not any(check.deaf.values()))
        assert control._pool is not None
        (worker,) = control._pool.workers
        assert worker.process is not None
        os.kill(worker.process.pid, signal.SIGSTOP)
        await until(lambda: all(check.deaf.values()))
        assert set(check.deaf.values()) == {"no answer in 2 s"}
        kinds = [event.kind for event in control.node.journal.recent]
        assert kinds.count("listener-deaf") == 3
        os.kill(worker.process.pid, signal.SIGCONT)
        await until(lambda: not any(check.deaf.values()))


def taken(kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


async def refused(settings: Configuration, workers: int) -> str:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(GslbError) as told:
        await Control(settings, workers).start()
    assert len(os.listdir("/proc/self/fd")) <= before
    return str(told.value)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("key", "kind", "role"),
    [("dns", socket.SOCK_DGRAM, "dns-udp"), ("dns", socket.SOCK_STREAM, "dns-tcp"), ("http", socket.SOCK_STREAM, "http"),
     ("admin", socket.SOCK_STREAM, "admin")],
)  # fmt: skip
async def test_a_port_that_is_taken_is_told_and_nothing_stays_open(tmp_path, key, kind, role, workers):
    with taken(kind) as sock:
        where = f"127.0.0.1:{sock.getsockname()[1]}"
        settings = configuration(tmp_path, listen=LISTEN | {key: where if key == "admin" else [where]})
        said = await refused(settings, workers)
    assert said == f"{role} {where}: another program listens there (see `ss -lnup` and `ss -lntp`)"


@pytest.mark.parametrize("workers", [0, 1])
async def test_a_second_control_of_one_state_directory_is_refused(tmp_path, workers):
    settings = configuration(tmp_path)
    async with running(settings) as control:
        with pytest.raises(BusyError, match=f"process {os.getpid()} already runs on {tmp_path}/state: stop it, or give"):
            await Control(settings, workers).start()
        assert (await ask(control)).answer


async def test_a_state_directory_without_a_usable_store_is_told_and_the_node_serves(tmp_path):
    settings = configuration(tmp_path)
    (tmp_path / "state" / "state.db").mkdir(parents=True)
    async with running(settings) as control:
        assert (await ask(control)).answer
        assert control.node.gauges()["gslb_store_up",] == 0.0


async def test_a_control_that_fails_leaves_its_workers_to_the_next_one(tmp_path):
    settings = configuration(tmp_path, listen=LISTEN)
    control = Control(settings, 1)
    running_on = asyncio.create_task(until_stopped(control))
    await until(lambda: control._pool is not None and control._pool.workers and control._pool.workers[0].serving)
    await until(lambda: any(event.kind == "start" for event in control.node.journal.recent))
    where = address(control, "dns-udp")
    control.failed.set_exception(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await running_on
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)
    async with running(settings, 1) as after:
        assert after._pool is not None
        assert after._pool.workers[0].adopted
        assert address(after, "dns-udp") == where
        assert (await ask(after)).answer


def certified(folder, name: str) -> None:
    issued = trustme.CA().issue_cert(name)
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")


async def names_of(where: tuple[str, int]) -> str:
    """What the certificate of a listener says."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection(*where, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    extension = x509.load_der_x509_certificate(found).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return str(extension.value.get_values_for_type(x509.DNSName)[0])


async def test_other_secrets_are_told_of_at_a_reload(tmp_path):
    secrets = tmp_path / "cookies"
    secrets.write_text("445536bcd2513298075a5d379663c962\n")
    secrets.chmod(0o600)
    async with running(configuration(tmp_path, cookies={"secrets_file": "cookies"})) as control:
        secrets.write_text("dd3bdf9344b678b185a6f5cb60fca715\n")
        await until(lambda: any("secrets of cookies or TSIG changed" in event.message for event in control.node.journal.recent))


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path):
    certified(tmp_path, "old.example.net")
    listen = LISTEN | {"https": ["127.0.0.1:0"]}
    settings = configuration(tmp_path, listen=listen, tls={"certificate": "certificate.pem", "key": "key.pem"})
    async with running(settings) as control:
        where = address(control, "https")
        assert await names_of(where) == "old.example.net"
        certified(tmp_path, "new.example.net")
        await until(lambda: any(event.kind == "tls-renewed" for event in control.node.journal.recent))
        async with asyncio.timeout(30):
            while await names_of(where) != "new.example.net":  # noqa: ASYNC110 - told by the door itself
                await asyncio.sleep(0.05)
