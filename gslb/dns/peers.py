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
        self._known: dict[str, tuple[Family, int]] = {}

    def number(self, peer: str) -> tuple[Family, int]:
        known = self._known.get(peer)
        if known is None:
            address = ip_address(peer)
            known = address.version, int(address)
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[peer] = known
        return known

    def octets(self, peer: str) -> bytes:
        family, address = self.number(peer)
        return address.to_bytes(ADDRESS_BITS[family] // 8, "big")

    def asker(self, edns: Edns | None, peer: str) -> Asker:
        """RFC 7871 section 7.1.2: without a subnet, or with one of length 0, the resolver is the client."""
        resolver = self.number(peer)
        subnet = None if edns is None else edns.subnet
        if subnet is None or not subnet.length:
            return Asker(*resolver, ADDRESS_BITS[resolver[0]])
        return Asker(subnet.family, subnet.network, subnet.length, resolver)
