"""What the terminal of a demo shows by itself: what to try, what happens, and where clients go now."""

from __future__ import annotations

import asyncio
import shutil
import sys
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from gslb.admin.feed import Signal
from gslb.admin.shown import event_view
from gslb.cli.output import console
from gslb.cli.render import event_line
from gslb.model import Client, Event, Request, View
from gslb.runtime.demo.session import DemoSession
from gslb.runtime.demo.setting import HOST, REDIRECTOR
from gslb.runtime.demo.tree import INDEX
from gslb.steering import decide, locate

# Somebody in each region: a university network of Tokyo, Cambridge (Massachusetts) and Berlin.
SAMPLES = {"Japan": "133.11.0.0/16", "US": "18.0.0.0/16", "Europe": "141.20.0.0/16"}


def introduction(session: DemoSession, seconds: float) -> str:
    """What runs, and what to try from another terminal."""
    listen = session.configuration.listen
    dns, http, admin = listen.dns[0], listen.http[0], listen.admin
    dig = f"dig @{dns.host} -p {dns.port} {HOST}"
    path = session.recipe.prefix + INDEX
    digs = "\n".join(f"  {dig} +subnet={network:<14}  # {where}" for where, network in SAMPLES.items())
    return f"""\
Thirteen mirrors, DNS, redirector and probes are up after {seconds:.1f} s. From another terminal:

{digs}
  curl -sLi -H 'Host: {HOST}' http://{http}{path}
  curl -s -H 'Host: {HOST}' http://{http}/~boot/knoppix.sh   # a boot script
  {_gslb()} explain {session.configuration.file} 133.11.0.1

Dashboard    http://{admin}/
Token        {session.token}   (operator: log in with it, or put it into GSLB_TOKEN)
Redirector   {REDIRECTOR} in DNS, http://{http}/ here
Files        {path.rpartition("/")[0]}/

Type an order and Enter, or from elsewhere: {_gslb()} demo tell{_elsewhere(session)} ORDER
  kill jp-tokyo-1     restart jp-tokyo-1     fault jp-tokyo-1 hang     status     explain 133.11.0.1     help     quit
  flip jp-osaka-1 kernel     repair jp-osaka-1     publish all     explain 133.11.0.1 http
"""


def _gslb() -> str:
    """As another terminal can call it: what `make run` installs is in nobody's PATH."""
    return "gslb" if shutil.which("gslb") else str(Path(sys.executable).with_name("gslb"))


def _elsewhere(session: DemoSession) -> str:
    admin = session.configuration.listen.admin
    return "" if str(admin) == "127.0.0.1:8053" else f" --admin {admin}"


class Screen:
    """Events as lines, and a line when clients of a sample network go to another site."""

    def __init__(self, session: DemoSession) -> None:
        self._session = session
        self._out = console()
        self.tasks: set[asyncio.Task[None]] = set()  # kept from the collector
        self._landed = {where: self._lands(where) for where in SAMPLES}

    async def watch(self) -> None:
        """Until cancelled."""
        for where, site in self._landed.items():
            self.say(f"{self._now()}  clients in {where} ({SAMPLES[where]}) go to {site}")
        with self._session.node.feed.subscribe() as watching:
            async for notice in watching:
                if isinstance(notice, Event):
                    self._out.print(event_line(event_view(notice).model_dump(mode="json")), soft_wrap=True)
                elif notice is Signal.CHANGED:
                    self._tell_moved()

    def say(self, text: str) -> None:
        """As it is: what a terminal wraps by itself can be copied whole."""
        print(text, flush=True)

    def _tell_moved(self) -> None:
        for where, before in self._landed.items():
            site = self._landed[where] = self._lands(where)
            if site != before:
                self.say(f"{self._now()}  clients in {where} ({SAMPLES[where]}) now go to {site}, no longer to {before}")

    def _lands(self, where: str) -> str:
        node = self._session.node
        decision = decide(node.world, self._client(where), Request(HOST, View.DNS4))
        return decision.choices[0].site if decision.choices else "no site"

    def _client(self, where: str) -> Client:
        network = ip_network(SAMPLES[where])
        return locate(self._session.node.lookup, 4, int(network.network_address), network.prefixlen)

    def _now(self) -> str:
        return datetime.now().astimezone().strftime("%H:%M:%S")
