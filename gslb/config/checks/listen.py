"""Sockets, and what they need: a certificate, and users where others than this machine can ask."""

from __future__ import annotations

import ipaddress
import ssl

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Key, Located, Table
from gslb.config.sections import admin, limits, listen, oidc, root
from gslb.model import Endpoint


def check(draft: Draft, faults: Faults) -> None:
    table = draft.root.value(root.LISTEN_)
    if table is not None:
        _duplicates(table, faults)
        _readers(draft, table, faults)
        for key in (listen.HTTPS, listen.DOT):
            if not table.value(key) or root.TLS_ in draft.root:
                continue
            node = table.at(key)
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
    found = [item for key in (listen.DNS, listen.DOT, listen.HTTP, listen.HTTPS) for item in table.value(key) or ()]
    admin_endpoint = table.value(listen.ADMIN)
    if admin_endpoint is not None:
        found.append(Located(admin_endpoint, table.at(listen.ADMIN)))
    return found


def _readers(draft: Draft, table: Table, faults: Faults) -> None:
    endpoint, users = table.value(listen.ADMIN), draft.root.value(root.ADMIN_)
    if endpoint is None or ipaddress.ip_address(endpoint.host).is_loopback:
        return
    if users is not None and users.value(admin.USERS) == () and oidc.OIDC_ not in users:
        node = table.at(listen.ADMIN)
        message = "is open to other machines, where reading takes a token; add admin.users, or use 127.0.0.1"
        faults.add(node.line, node.path, message)


def _certificate(draft: Draft, table: Table, faults: Faults) -> None:
    names = [(key, table.value(key)) for key in (listen.CERTIFICATE, listen.KEY)]
    files = {key.name: draft.absolute(name) for key, name in names if name is not None}
    readable = [_readable(files[key.name], table, key, faults) for key, _ in names if key.name in files]
    if len(files) < 2 or not all(readable):
        return
    found = unfit(*files.values())
    if found is not None:
        key, message = found
        node = table.at(key)
        faults.add(node.line, node.path, message)


def unfit(certificate: str, private_key: str) -> tuple[Key[str], str] | None:
    """Which of the two files no server could use, and why; also asked for those that were renewed."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private_key, _no_passphrase)
    except (ssl.SSLError, OSError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            return listen.KEY, "is not the key of the certificate; write the one that it was issued for"
        return listen.CERTIFICATE, f"can't be loaded with its key ({_said(error)}); write PEM files, the key without passphrase"
    return None


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
