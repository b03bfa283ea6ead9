"""A root and a parent of the test's own, both Knot's and both signed, and what a validator must know of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.reversename
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.scenarios.peers.knot import Knot, knot
from tests.scenarios.peers.process import Endpoint

PARENT, CHILD = "inetboot.net", "knoppix.inetboot.net"
ROOT_SERVER, PARENT_SERVERS = "a.root-servers.net.", (f"ns1.{PARENT}.", f"ns2.{PARENT}.")


@dataclass(frozen=True)
class Parents:
    """What a validator trusts: `keys`, the root's DNSKEY records, or `anchors`, its DS records, as text."""

    root: Knot
    parent: Knot
    keys: tuple[str, ...]
    anchors: tuple[str, ...]

    def delegate_securely(self, ds: Sequence[str], ttl_s: int) -> None:
        """The child's DS records become these."""
        self.parent.replace(f"{PARENT}.", f"{CHILD}.", "DS", ttl_s, list(ds))


def digests(zone: str, endpoint: Endpoint) -> tuple[str, ...]:
    """DS of the zone's secure entry points, in SHA-256, from its DNSKEY records as they are served."""
    return tuple(str(dns.dnssec.make_ds(dns.name.from_text(zone), key, "SHA256")) for key in _keys(zone, endpoint))


def _keys(zone: str, endpoint: Endpoint) -> list[DNSKEY]:
    query = dns.message.make_query(zone, "DNSKEY", want_dnssec=True, flags=0)
    answer = dns.query.tcp(query, endpoint[0], 5, endpoint[1])
    found = answer.find_rrset(answer.answer, dns.name.from_text(zone), dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    return [key for key in found if key.flags & 1]


@contextlib.contextmanager
def parents(
    folder: Path,
    root: Sequence[Endpoint],
    parent: Sequence[Endpoint],
    child: Mapping[str, Sequence[str]],
    child_ds: Sequence[str],
    ttl_s: int = 3600,
) -> Iterator[Parents]:
    """`child` are its name servers with their addresses; those within it are glue."""
    above = {"ttl": ttl_s, "negative": min(ttl_s, 300)}
    head = "$TTL {ttl}\n@ IN SOA {server} hostmaster.{zone}. 1 1800 900 604800 {negative}\n"
    delegation = "".join(
        f"{CHILD}. IN NS {name}.\n" + "".join(f"{name}. IN {_family(address)} {address}\n" for address in addresses)
        for name, addresses in child.items()
    ) + "".join(f"{CHILD}. IN DS {ds}\n" for ds in child_ds)
    addresses = _addresses(PARENT_SERVERS, parent)
    own = "".join(f"@ IN NS {server}\n" for server in PARENT_SERVERS) + addresses + "@ IN MX 10 mail\nmail IN A 192.0.2.25\n"
    text = head.format(server=PARENT_SERVERS[0], zone=PARENT, **above) + own + delegation
    with knot(folder / "parent", {f"{PARENT}.": text}, parent[0], also=parent[1:], signed=True, dnskey_ttl=ttl_s) as over:
        entry = "".join(f"{PARENT}. IN DS {ds}\n" for ds in digests(PARENT, parent[0]))
        names = "".join(f"{PARENT}. IN NS {server}\n" for server in PARENT_SERVERS) + addresses
        servers = f"@ IN NS {ROOT_SERVER}\n" + _addresses((ROOT_SERVER,), root)
        text = head.format(server=ROOT_SERVER, zone="root-servers.net", **above) + servers + names + entry + _reverse(child)
        with knot(folder / "root", {".": text}, root[0], also=root[1:], signed=True, dnskey_ttl=ttl_s) as top:
            keys = tuple(f". IN DNSKEY {key}" for key in _keys(".", root[0]))
            yield Parents(top, over, keys, tuple(f". IN DS {ds}" for ds in digests(".", root[0])))


def _reverse(servers: Mapping[str, Sequence[str]]) -> str:
    """Which name an address has; nothing is delegated below arpa."""
    return "".join(
        f"{dns.reversename.from_address(address)} IN PTR {name}.\n"
        for name, addresses in servers.items()
        for address in addresses
    )


def hints(root: Sequence[Endpoint]) -> str:
    """A file of root hints."""
    return f". 3600000 IN NS {ROOT_SERVER}\n" + _addresses((ROOT_SERVER,), root, "3600000 ")


def _addresses(servers: Sequence[str], endpoints: Sequence[Endpoint], ttl: str = "") -> str:
    """The addresses of a zone are dealt to its servers in turn."""
    return "".join(
        f"{servers[number % len(servers)]} {ttl}IN {_family(address)} {address}\n"
        for number, (address, _) in enumerate(endpoints)
    )


def _family(address: str) -> str:
    return "AAAA" if ":" in address else "A"
