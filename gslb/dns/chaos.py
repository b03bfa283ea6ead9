"""Class CHAOS: which server is this? Everything else of that class is refused."""

from __future__ import annotations

from collections.abc import Mapping

from gslb import __version__
from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import CH, TXT
from gslb.dns.names import wire_name


def _text(name: str, text: str) -> tuple[bytes, Answer]:
    octets = text.encode()[:255]
    owner = wire_name(name)
    rrset = Rrset(None, TXT, 0, (bytes((len(octets),)) + octets,))
    return owner, write(owner, (rrset,), klass=CH)


def chaos_answers(node: str) -> Mapping[bytes, Answer]:
    """By name. RFC 4892 section 2 for `id.server`; the others are BIND's, which everybody asks for."""
    return dict((_text("version.bind", f"gslb {__version__}"), _text("id.server", node), _text("hostname.bind", node)))
