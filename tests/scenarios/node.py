"""A real node: `gslb serve` as a process, on free ports, asked over its own doors, and always ended.

Clients are told apart as in the world: DNS by client subnet, HTTP by X-Forwarded-For, which the node believes from loopback.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import dns.edns
import dns.message
import dns.query
import dns.rdatatype
import httpx

from gslb.runtime.demo.sites import SITES, DemoSite
from tests.ports import free_ports

HOST = "knoppix.inetboot.net"
PATH = "/archives/linux/oscircular/tcgeeks/v1.0/index.idx"
JAPAN, US, EUROPE = "133.11.0.0/16", "18.0.0.0/16", "141.20.0.0/16"
REGIONS = {"us": ["us", "eu", "jp"], "eu": ["eu", "us", "jp"], "jp": ["jp", "us", "eu"], "default": ["us", "eu", "jp"]}

Document = dict[str, Any]


def site(known: DemoSite, port: int, **more: Any) -> Document:
    return {
        "id": known.id,
        "region": known.region,
        "country": known.country,
        "location": list(known.location),
        "addresses": [known.address],
        "url": f"http://{known.address}:{port}/",
        **more,
    }


def document(sites: Sequence[Document], state_dir: Path, **changes: Any) -> Document:
    """A configuration for `sites`; JSON is YAML. `service`, `probes` and any key of the root can be changed."""
    dns_port, http_port, admin_port = free_ports(3)
    regions = {name: order for name, order in REGIONS.items() if {each["region"] for each in sites} == {"us", "eu", "jp"}}
    service = {"host": HOST, "check": {"type": "http", "path": PATH}, **({"regions": regions} if regions else {})}
    return {
        "node": "scenario",
        "state_dir": str(state_dir),
        "listen": {
            "dns": [f"127.0.0.1:{dns_port}"],
            "http": [f"127.0.0.1:{http_port}"],
            "admin": f"127.0.0.1:{admin_port}",
            "trusted_proxies": ["127.0.0.0/8"],
        },
        "zones": [{"name": HOST, "nameservers": {f"ns1.{HOST}": ["127.0.0.1"]}, "contact": "hostmaster@inetboot.net"}],
        "sites": list(sites),
        "services": [service | changes.pop("service", {})],
        "probes": changes.pop("probes", {}),
        **changes,
    }


class RunningNode:
    """`file` is the configuration, `log` what the process wrote."""

    def __init__(self, configuration: Document, folder: Path, workers: int = 1) -> None:
        self.configuration = configuration
        self.file = folder / "gslb.yaml"
        self.log = folder / "node.log"
        self.write(configuration)
        self.workers = workers
        self.process: subprocess.Popen[bytes]
        self.by_address: dict[str, str] = {
            address: each["id"] for each in configuration["sites"] for address in each["addresses"]
        }
        self.by_url: dict[str, str] = {each["url"]: each["id"] for each in configuration["sites"]}
        self.dns = _endpoint(configuration["listen"]["dns"][0])
        self.http = _endpoint(configuration["listen"]["http"][0])
        self._session = httpx.Client(trust_env=False, timeout=20)

    def write(self, configuration: Document) -> None:
        """At once, as an editor does."""
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(configuration, indent=1))
        partial.replace(self.file)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        command = [sys.executable, "-m", "gslb", "serve", "--config", str(self.file), "--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_for(self._is_ready, 60, "the node is ready")
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self.stop()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def wait_for(self, condition: Callable[[], Any], within_s: float, what: str) -> Any:
        """What `condition` gives when it is true; the log of the node where it never is."""
        until = time.monotonic() + within_s
        while not (found := condition()):
            assert time.monotonic() < until, f"not within {within_s} s: {what}\n{self.log.read_text()[-3000:]}"
            assert self.process.poll() is None, f"the node ended\n{self.log.read_text()[-3000:]}"
            time.sleep(0.02)
        return found

    # Clients

    def ask(self, client: str | None = None, rdtype: str = "A", name: str = HOST) -> dns.message.Message:
        """`client` is a network, told as a client subnet."""
        options: list[dns.edns.Option] = [] if client is None else [_subnet(client)]
        query = dns.message.make_query(name, rdtype, use_edns=0, options=options, flags=0)
        return dns.query.udp(query, self.dns[0], 10, self.dns[1])

    def lands(self, client: str) -> str:
        """The site whose address DNS answers first."""
        (rrset,) = self.ask(client).answer
        return self.by_address[str(rrset[0])]

    def get(self, path: str = PATH, client: str | None = None, host: str = HOST, **fields: str) -> httpx.Response:
        headers = {"Host": host} | ({} if client is None else {"X-Forwarded-For": client}) | fields
        return self._session.get(f"http://{self.http[0]}:{self.http[1]}{path}", headers=headers)

    def redirected(self, client: str) -> str:
        """The site to which HTTP sends this address."""
        response = self.get(client=client)
        assert response.status_code == 302, response.text
        return self.by_url[str(response.headers["Location"]).removesuffix(PATH.removeprefix("/"))]

    # Operators

    @property
    def admin(self) -> str:
        return f"http://{self.configuration['listen']['admin']}"

    def api(self, path: str, /, **parameters: Any) -> Any:
        response = self._session.get(f"{self.admin}/api/v1/{path}", params=parameters)
        response.raise_for_status()
        return response.json()

    def metric(self, name: str) -> dict[str, float]:
        """By labels as they are written."""
        text = self._session.get(f"{self.admin}/metrics").text
        return {labels: float(value) for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)}

    def site(self, id: str) -> Any:
        return self.api(f"sites/{id}")

    def condition(self, id: str) -> str:
        return str(self.site(id)["condition"])

    def events(self, *kinds: str) -> list[Any]:
        return [event for event in self.api("events", limit=1000) if event["kind"] in kinds]

    async def operate(self, *words: str, token: str = "") -> subprocess.CompletedProcess[str]:
        """`gslb` with the address of this node, and a token of its operator."""
        return await asyncio.to_thread(gslb, *words, "--admin", self.admin, env={**os.environ, "GSLB_TOKEN": token})

    def _is_ready(self) -> bool:
        """The first World of probes comes up to a second after /readyz, so a door is asked whether it has it."""
        try:
            ready = self._session.get(f"{self.admin}/readyz").status_code == 200
            return ready and "why=starting" not in self.get().headers.get("GSLB-Decision", "why=starting")
        except httpx.TransportError:
            return False


def gslb(*words: str, timeout_s: float = 60, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command as people run it."""
    command = [sys.executable, "-m", "gslb", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, **more)


def of_region(*regions: str) -> Iterator[DemoSite]:
    return (each for each in SITES if each.region in regions)


def networks(count: int) -> Iterable[str]:
    """/16s all over IPv4, always the same ones; none of them special."""
    usable = [number for number in range(256, 224 * 256) if number >> 8 not in (10, 100, 127, 169, 172, 192, 198, 203)]
    step = max(1, len(usable) // count)
    return [f"{number >> 8}.{number & 255}.0.0/16" for number in usable[::step][:count]]


def _subnet(client: str) -> dns.edns.ECSOption:
    address, _, length = client.partition("/")
    return dns.edns.ECSOption(address, int(length or (128 if ":" in address else 32)))


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
