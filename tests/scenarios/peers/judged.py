"""The whole way from a root to our zone, on addresses and port 53 as in the world, and its judges: delv, dnsviz, zonemaster.

Runs as a script in a network namespace of its own, `unshare -n python -m tests.scenarios.peers.judged FOLDER`, and leaves what
each judge said in FOLDER/verdicts.json. dnsviz and zonemaster ask port 53 alone, and find fault with addresses that are private.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from gslb.runtime.demo.sites import SITES
from tests.scenarios.node import RunningNode, document, gslb, site
from tests.scenarios.peers.knot import knot
from tests.scenarios.peers.process import Endpoint, program
from tests.scenarios.peers.unbound import unbound
from tests.scenarios.peers.world import CHILD, digests, hints, parents

ROOT: tuple[Endpoint, ...] = (("198.41.0.4", 53), ("2001:503:ba3e::2:30", 53))
PARENT: tuple[Endpoint, ...] = (("17.1.1.53", 53), ("17.2.2.53", 53), ("2600:1:1::53", 53), ("2600:2:2::53", 53))
OURS = {f"ns1.{CHILD}": ["18.1.1.53", "2602:1:1::53"], f"ns2.{CHILD}": ["19.2.2.53", "2603:2:2::53"]}
RESOLVER: Endpoint = ("127.0.0.1", 53)

RECORDS = """
go      IN A 192.0.2.80
info    IN TXT "three regions, thirteen sites"
a.b.ent IN TXT "an empty name above"
*.wild  IN TXT "wild"
alias   IN CNAME info
"""
# What delv is asked.
QUESTIONS = {
    "steered": (CHILD, "A"),
    "steered, no such type": (CHILD, "MX"),
    "static": (f"info.{CHILD}", "TXT"),
    "alias": (f"alias.{CHILD}", "TXT"),
    "nodata": (f"info.{CHILD}", "A"),
    "nxdomain": (f"nowhere.{CHILD}", "A"),
    "nxdomain, deep": (f"not.here.info.{CHILD}", "A"),
    "wildcard": (f"some.wild.{CHILD}", "TXT"),
    "wildcard, deep": (f"quite.some.wild.{CHILD}", "TXT"),
    "wildcard, nodata": (f"some.wild.{CHILD}", "A"),
    "empty non-terminal": (f"b.ent.{CHILD}", "A"),
    "soa": (CHILD, "SOA"),
    "name servers": (CHILD, "NS"),
    "keys": (CHILD, "DNSKEY"),
    "digests": (CHILD, "DS"),
}
# What dnsviz looks at: names of each kind.
LOOKED_AT = [CHILD, *(f"{name}.{CHILD}" for name in ("info", "alias", "some.wild", "b.ent"))]
# Of a key that nobody has: what the judges must not pass.
WRONG = f"4711 13 2 {'00' * 32}"
PATIENCE_S = 60
ALWAYS_UP = {"type": "exec", "command": ["/bin/true"]}


@dataclass(frozen=True)
class Verdict:
    status: int
    output: str
    errors: str


def main(folder: Path, child: str = "gslb") -> None:
    _raise_addresses()
    with ExitStack() as stack:
        stack.enter_context(_ours(folder) if child == "gslb" else _knots(folder))
        ds = digests(CHILD, (OURS[f"ns1.{CHILD}"][0], 53))
        world = stack.enter_context(parents(folder / "world", ROOT, PARENT, OURS, ds))
        (folder / "hints").write_text(hints(ROOT))
        (folder / "anchors.keys").write_text("".join(f"{key}\n" for key in world.keys))
        _write_anchors(folder, world.anchors)
        server = f'  root-hints: "{folder}/hints"\n'
        stack.enter_context(unbound(folder / "unbound", RESOLVER, {}, server=server))
        began = {name: _start(command) for name, command in _judges(folder).items()}
        verdicts = {name: asdict(_verdict(process)) for name, process in began.items()}
        world.delegate_securely([WRONG], 3600)
        verdicts["dnsviz, wrong"] = asdict(_verdict(_start(_dnsviz(folder, "wrong", [CHILD]))))
    (folder / "verdicts.json").write_text(json.dumps(verdicts))


def _raise_addresses() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    ours = [(address, 53) for addresses in OURS.values() for address in addresses]
    for address, _ in (*ROOT, *PARENT, *ours):
        length = ["128", "nodad"] if ":" in address else ["32"]
        subprocess.run(["ip", "addr", "add", f"{address}/{length[0]}", "dev", "lo", *length[1:]], check=True)


@contextlib.contextmanager
def _ours(folder: Path) -> Iterator[None]:
    configuration = document([site(each, 80) for each in SITES], folder / "state", service={"check": ALWAYS_UP})
    configuration["zones"] = [
        {
            "name": CHILD,
            "nameservers": OURS,
            "contact": "hostmaster@inetboot.net",
            "records": RECORDS,
            "dnssec": {"keys": str(folder / "keys")},
        }
    ]
    addresses = [address for addresses in OURS.values() for address in addresses]
    configuration["listen"]["dns"] = [f"[{each}]:53" if ":" in each else f"{each}:53" for each in addresses]
    node = RunningNode(configuration, folder)
    made = gslb("dnssec", "keygen", str(node.file), CHILD)
    assert made.returncode == 0, made.stderr
    with node:
        yield


@contextlib.contextmanager
def _knots(folder: Path) -> Iterator[None]:
    """The same zone by Knot: what the judges say of it is of this world, not ours. For whoever looks into a verdict."""
    text = f"$TTL 300\n@ IN SOA ns1.{CHILD}. hostmaster.inetboot.net. 1 3600 600 1209600 30\n@ IN A 192.0.2.33\n" + "".join(
        f"@ IN NS {name}.\n{name}. IN A {four}\n{name}. IN AAAA {six}\n" for name, (four, six) in OURS.items()
    )
    endpoints = [(address, 53) for addresses in OURS.values() for address in addresses]
    zones = {f"{CHILD}.": text + RECORDS}
    with knot(folder / "child", zones, endpoints[0], also=endpoints[1:], signed=True, dnskey_ttl=300):
        yield


def _write_anchors(folder: Path, anchors: Sequence[str]) -> None:
    """As delv wants them."""
    lines = []
    for anchor in anchors:
        _, _, _, tag, algorithm, kind, digest = anchor.split()
        lines.append(f'. static-ds {tag} {algorithm} {kind} "{digest}";')
    (folder / "anchors.bind").write_text("trust-anchors {\n" + "\n".join(lines) + "\n};\n")


def _judges(folder: Path) -> Mapping[str, Sequence[str]]:
    at, port = RESOLVER
    delv = [program("delv"), f"@{at}", "-p", str(port), "-a", str(folder / "anchors.bind"), "+root=.", "+nottl"]
    return {
        "zonemaster": [program("zonemaster-cli"), "--hints", str(folder / "hints"), "--level", "NOTICE", "--json", CHILD],
        "dnsviz": _dnsviz(folder, "dnsviz", LOOKED_AT),
        **{f"delv {name}": [*delv, *question] for name, question in QUESTIONS.items()},
    }


def _dnsviz(folder: Path, name: str, names: Sequence[str]) -> Sequence[str]:
    """Its findings are in NAME.json, and what is secure in NAME.txt."""
    out = folder / name
    servers = ",".join(f"a.root-servers.net={f'[{address}]' if ':' in address else address}" for address, _ in ROOT)
    probe = f"dnsviz probe -A -E -a . -x .:{servers} -o {out}.probe {' '.join(names)}"
    # `grok -t` of Debian 12 fails on its pygraphviz, so it finds faults without a trust anchor, and `print` tells what is secure.
    grok = f"dnsviz grok -l info -r {out}.probe -o {out}.json"
    tell = f"dnsviz print -r {out}.probe -t {folder}/anchors.keys -o {out}.txt"
    return ["sh", "-c", f"{probe} && {grok} && {tell}"]


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _verdict(process: subprocess.Popen[str]) -> Verdict:
    try:
        output, errors = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
    return Verdict(process.returncode, output, errors)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
