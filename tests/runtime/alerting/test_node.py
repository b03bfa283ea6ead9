"""A whole node, its probes and receivers: mirrors break and come back; channels come, change and are refused meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.alerting.receivers import Receiver, post_office, receiving
from tests.runtime.nodes import HOST, configuration, running, write

pytestmark = pytest.mark.anyio


def channels(*each: dict[str, Any]) -> dict[str, Any]:
    return {"wait": "0s", "settle": "1s", "channels": list(each)}


async def until(condition: Any, within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def settings(flag: Path) -> dict[str, Any]:
    """Mirrors are well while the flag is there."""
    check = {"type": "exec", "command": ["/usr/bin/test", "-e", str(flag)]}
    flap = {"changes": 4, "within": "1s", "quiet": "1s"}
    return {
        "services": [{"host": HOST, "check": check}],
        "probes": {"interval": "500ms", "timeout": "400ms", "slow_start": "0s", "flap": flap},
    }


def kinds(receiver: Receiver) -> list[str]:
    return [got.json["kind"] for got in receiver.got]


async def test_mirrors_break_and_people_are_told_that_and_when_they_are_back(tmp_path: Path) -> None:
    flag, secret = tmp_path / "well", tmp_path / "hook.secret"
    flag.touch()
    secret.write_text("a secret, long enough\n")
    secret.chmod(0o600)
    async with receiving() as receiver, post_office() as post:
        hook = {"name": "ops", "kind": "webhook", "url": receiver.url, "secret_file": "hook.secret"}
        smtp = {"host": "127.0.0.1", "port": post.port, "starttls": False, "from": "gslb@example.net", "to": "ops@example.net"}
        letters = {"name": "mail", "kind": "email", "smtp": smtp, "for": {"severity": "error"}}
        async with running(configuration(tmp_path, alerts=channels(hook, letters), **settings(flag))) as control:
            node = control.node
            await until(lambda: node.world.ready)
            flag.unlink()
            await until(lambda: receiver.got and post.letters)
            assert [each.title for each in node.incidents.open] == [f"No site of {HOST} is well"]
            assert receiver.got[0].headers["webhook-signature"].startswith("v1,")
            assert f"No site of {HOST} is well" in post.letters[0]["Subject"]
            flag.touch()
            await until(lambda: "closed" in kinds(receiver) and len(post.letters) > 1)
            assert node.incidents.open == ()
    assert len({got.json["id"] for got in receiver.got}) == len(receiver.got), "nothing is told twice"
    assert {"opened", "closed"} <= set(kinds(receiver)) <= {"opened", "risen", "closed"}


async def test_channels_and_their_secrets_change_while_the_node_runs(tmp_path: Path) -> None:
    flag, secret = tmp_path / "well", tmp_path / "hook.secret"
    flag.touch()
    secret.write_text("first secret, long enough\n")
    secret.chmod(0o600)
    async with receiving() as receiver:
        hook = {"name": "ops", "kind": "webhook", "url": receiver.url, "secret_file": "hook.secret"}
        async with running(configuration(tmp_path, alerts=channels(hook), **settings(flag))) as control:
            node = control.node
            await until(lambda: node.world.ready)
            secret.write_text("short\n")
            await until(lambda: not node.reload.accepted)
            assert node.reload.faults[0].file == str(secret)
            await until(lambda: [each.title for each in node.incidents.open] == ["The configuration was refused"])
            secret.write_text("second secret, long enough\n")
            await until(lambda: node.reload.accepted)
            assert node.alerts._couriers["ops"].secrets.secret == b"second secret, long enough"
            write(tmp_path, alerts=channels({"name": "new", "kind": "slack", "url": receiver.url}), **settings(flag))
            control.reload()
            await until(lambda: list(node.alerts._couriers) == ["new"])
            assert (await node.alerts.test("new")).delivered
            assert "blocks" in receiver.got[-1].json
            assert node.alerts.gauges()["gslb_alerts_waiting", "new"] == 0
