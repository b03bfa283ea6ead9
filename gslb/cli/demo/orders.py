"""What can be typed at a demo, here or from another terminal (`gslb demo tell`). One table; each gives text back."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gslb.admin import explain, shown
from gslb.admin.board import Boards
from gslb.admin.principal import LOOPBACK
from gslb.cli import render
from gslb.cli.explain import client_address
from gslb.cli.output import plain
from gslb.errors import UsageError
from gslb.runtime.demo.faults import USAGE
from gslb.runtime.demo.session import DemoSession
from gslb.runtime.demo.setting import OPERATOR
from gslb.runtime.demo.tree import KERNEL

Words = Sequence[str]
_BETWEEN_S = 1.0  # from one mirror that has a new edition to the next


class Quit(Exception):
    """Somebody has seen enough."""


@dataclass(frozen=True, slots=True)
class Order:
    usage: str
    what: str
    words: range  # how many arguments
    run: Callable[[DemoSession, Words], Awaitable[str]]


async def obey(session: DemoSession, line: str) -> str:
    """What the order said. Raises GslbError for what can't be done, Quit to end."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{line!r}: {error}") from None
    if not words:
        return ""
    order = ORDERS.get(words[0].lower())
    if order is None:
        raise UsageError(f"{words[0]!r} is no order: {' | '.join(ORDERS)}")
    if len(words) - 1 not in order.words:
        raise UsageError(f"write: {order.usage}")
    return await order.run(session, words[1:])


async def _kill(session: DemoSession, words: Words) -> str:
    await session.fleet.kill(words[0])
    return f"{words[0]} is killed: its connections are reset, and nobody listens"


async def _restart(session: DemoSession, words: Words) -> str:
    await session.fleet.restart(words[0])
    return f"{words[0]} runs again: five good probes, and it comes back slowly"


async def _freeze(session: DemoSession, words: Words) -> str:
    await session.fleet.freeze(words[0])
    return f"{words[0]} is frozen: it accepts connections, and answers nothing"


async def _thaw(session: DemoSession, words: Words) -> str:
    session.fleet.thaw(words[0])
    return f"{words[0]} goes on"


async def _fault(session: DemoSession, words: Words) -> str:
    status = await session.fleet.set_fault(words[0], " ".join(words[1:]))
    return f"{words[0]}: {status.fault}"


async def _publish(session: DemoSession, words: Words) -> str:
    if words[0] == "all":
        session.publish_everywhere(_BETWEEN_S)
        return "a new edition goes to one mirror after another: status and explain tell who has it"
    edition = await session.releases.publish(words[0])
    return f"{words[0]} has edition {edition} of the release"


async def _flip(session: DemoSession, words: Words) -> str:
    session.releases.flip(*words)
    return f"{words[0]}: one bit of {words[1] if len(words) > 1 else KERNEL} is another; length and time are as they were"


async def _repair(session: DemoSession, words: Words) -> str:
    session.releases.repair(words[0])
    return f"{words[0]} has every file of its release as it was published: after five good rounds it is in again"


async def _drain(session: DemoSession, words: Words) -> str:
    session.node.drain(words[0], " ".join(words[1:]) or "as asked", OPERATOR, None)
    return f"{words[0]} is drained until it is enabled"


async def _enable(session: DemoSession, words: Words) -> str:
    session.node.enable(words[0], OPERATOR)
    return f"{words[0]} is not drained"


async def _status(session: DemoSession, words: Words) -> str:
    board = Boards(session.node).now(LOOPBACK)
    sites = [site.model_dump(mode="json") for site in board.sites]
    return plain(*render.status(board.status.model_dump(mode="json"), sites))


async def _explain(session: DemoSession, words: Words) -> str:
    node, via = session.node, words[1] if len(words) > 1 else "dns"
    if via not in ("dns", "http"):
        raise UsageError("write: explain ADDRESS [dns|http]")
    door: Literal["dns", "http"] = "http" if via == "http" else "dns"
    path = session.recipe.prefix + KERNEL  # DNS sees none
    told = explain(node.world, node.lookup, client_address(words[0]), via=door, path=path, family=4, scopes=node.scopes)
    return plain(*render.explanation(told.model_dump(mode="json")))


async def _mirrors(session: DemoSession, words: Words) -> str:
    made = render.table("mirror", "address", "process", "answers after")
    for id, spec in session.fleet.specs.items():
        made.add_row(id, f"{spec.address}:{spec.port}", session.fleet.life(id).value, f"{spec.delay_ms:g} ms")
    return plain(made)


async def _events(session: DemoSession, words: Words) -> str:
    found = reversed(session.node.events(20, None))
    return plain(*(render.event_line(shown.event_view(event).model_dump(mode="json")) for event in found))


async def _help(session: DemoSession, words: Words) -> str:
    made = render.table("order", "what")
    for order in ORDERS.values():
        made.add_row(order.usage, order.what)
    return plain(made)


async def _quit(session: DemoSession, words: Words) -> str:
    raise Quit


_ONE = range(1, 2)
_NONE = range(1)

ORDERS: Mapping[str, Order] = {
    "kill": Order("kill SITE", "the mirror dies (SIGKILL)", _ONE, _kill),
    "restart": Order("restart SITE", "start it again, and well", _ONE, _restart),
    "freeze": Order("freeze SITE", "stop it in its tracks (SIGSTOP)", _ONE, _freeze),
    "thaw": Order("thaw SITE", "let it go on (SIGCONT)", _ONE, _thaw),
    "fault": Order("fault SITE FAULT", USAGE, range(2, 4), _fault),
    "publish": Order("publish SITE|all", "a new edition of the release arrives", _ONE, _publish),
    "flip": Order("flip SITE [FILE]", "one bit of a file of the release goes wrong", range(1, 3), _flip),
    "repair": Order("repair SITE", "the files of its release are good again", _ONE, _repair),
    "drain": Order("drain SITE [REASON]", "take it out, as an operator does", range(1, 50), _drain),
    "enable": Order("enable SITE", "end the drain", _ONE, _enable),
    "status": Order("status", "how the sites are", _NONE, _status),
    "explain": Order("explain ADDRESS [http]", "where a client lands, and why", range(1, 3), _explain),
    "mirrors": Order("mirrors", "where the mirrors listen", _NONE, _mirrors),
    "events": Order("events", "what happened lately", _NONE, _events),
    "help": Order("help", "this", _NONE, _help),
    "quit": Order("quit", "stop everything", _NONE, _quit),
}
