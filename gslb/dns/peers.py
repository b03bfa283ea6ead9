"""Who sent a message, as number and as octets: read from the text of its address once."""

from __future__ import annotations

from ipaddress import ip_address

from gslb.dns.edns import Edns
from gslb.dns.serving import Asker
from gslb.model import ADDRESS_BITS, Family


class Peers:
    """Remembers so many of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, tuple[tuple[Family, int], bytes]] = {}

    def number(self, peer: str) -> tuple[Family, int]:
        return self._read(peer)[0]

    def octets(self, peer: str) -> bytes:
        return self._read(peer)[1]

    def _read(self, peer: str) -> tuple[tuple[Family, int], bytes]:
        known = self._known.get(peer)
        if known is None:
            address = ip_address(peer)
            known = (address.version, int(address)), address.packed
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[peer] = known
        return known

    def asker(self, edns: Edns | None, peer: str) -> Asker:
        """RFC 7871 section 7.1.2: without a subnet, or with one of length 0, the resolver is the client."""
        resolver = self.number(peer)
        subnet = None if edns is None else edns.subnet
        if subnet is None or not subnet.length:
            return Asker(*resolver, ADDRESS_BITS[resolver[0]])
        return Asker(subnet.family, subnet.network, subnet.length, resolver)
