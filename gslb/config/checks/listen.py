"""Sockets, and what they need: a certificate, and users where others than this machine can ask."""

from __future__ import annotations

import ipaddress
import ssl

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Key, Located, Table
from gslb.config.sections import admin, limits, listen, root
from gslb.model import Endpoint


def check(draft: Draft, faults: Faults) -> None:
    table = draft.root.value(root.LISTEN_)
    if table is not None:
        _duplicates(table, faults)
        _readers(draft, table, faults)
        if table.value(listen.HTTPS) and root.TLS_ not in draft.root:
            node = table.at(listen.HTTPS)
            faults.add(node.line, node.path, "needs a certificate; add tls: {certificate: FILE, key: FILE}")
    tls = draft.root.value(root.TLS_)
    if tls is not None:
        _certificate(draft, tls, faults)
    bounds = draft.root.value(root.LIMITS_)
    if bounds is not None:
        _bounds(bounds, limits.TCP_PER_CLIENT, limits.TCP, faults)
        _bounds(bounds, limits.HTTP_PER_CLIENT, limits.HTTP, faults)


def _duplicates(table: Table, faults: Faults) -> None:
    """One address and port belongs to one listener: DNS is TCP too."""
    first: dict[Endpoint, str] = {}
    for item in _endpoints(table):
        if item.value.port and first.setdefault(item.value, item.node.path) != item.node.path:
            message = f"{item.value} is already taken by {first[item.value]}; give it a port of its own"
            faults.add(item.node.line, item.node.path, message)


def _endpoints(table: Table) -> list[Located[Endpoint]]:
    found = [item for key in (listen.DNS, listen.HTTP, listen.HTTPS) for item in table.value(key) or ()]
    admin_endpoint = table.value(listen.ADMIN)
    if admin_endpoint is not None:
        found.append(Located(admin_endpoint, table.at(listen.ADMIN)))
    return found


def _readers(draft: Draft, table: Table, faults: Faults) -> None:
    endpoint, users = table.value(listen.ADMIN), draft.root.value(root.ADMIN_)
    if endpoint is None or ipaddress.ip_address(endpoint.host).is_loopback:
        return
    if users is not None and users.value(admin.USERS) == ():
        node = table.at(listen.ADMIN)
        message = "is open to other machines, and reading is open on loopback alone; add admin.users, or use 127.0.0.1"
        faults.add(node.line, node.path, message)


def _certificate(draft: Draft, table: Table, faults: Faults) -> None:
    files = []
    for key in (listen.CERTIFICATE, listen.KEY):
        name = table.value(key)
        if name is None or not _readable(draft.absolute(name), table, key, faults):
            return
        files.append(draft.absolute(name))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files[0], files[1], password=_no_passphrase)
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None)
        mismatch = reason == "KEY_VALUES_MISMATCH"
        node = table.at(listen.KEY if mismatch else listen.CERTIFICATE)
        message = (
            "is not the key of the certificate; write the key that it was issued for"
            if mismatch
            else f"certificate and key can't be loaded ({_said(error)}); write PEM files, the key without passphrase"
        )
        faults.add(node.line, node.path, message)


def _readable(path: str, table: Table, key: Key[str], faults: Faults) -> bool:
    try:
        with open(path, "rb"):
            return True
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        node = table.at(key)
        faults.add(node.line, node.path, f"{quoted(path)} can't be read: {reason}")
        return False


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(error)


def _bounds(table: Table, part: Key[int], whole: Key[int], faults: Faults) -> None:
    one, everyone = table.value(part), table.value(whole)
    if one is not None and everyone is not None and one > everyone and (part in table or whole in table):
        node = table.at(part if part in table else whole)
        faults.add(node.line, node.path, f"{one} for one client is above {everyone} for all; lower the first")
