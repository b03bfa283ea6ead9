"""DNSSEC in control: the keys of the zones, and what is signed with them. Workers get only the signatures."""

from gslb.dns.signing.directory import load_zone_keys
from gslb.dns.signing.keys import Key, KeySet, KeyState, ZoneKeys
from gslb.dns.signing.signer import SignedZone, Signer

__all__ = ["Key", "KeySet", "KeyState", "SignedZone", "Signer", "ZoneKeys", "load_zone_keys"]
