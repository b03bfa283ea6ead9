"""From a file to a Configuration: read, check, build."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from gslb.config.checks import check
from gslb.config.draft import Draft
from gslb.config.faults import WHOLE_FILE, Faults
from gslb.config.schema import Node, Table, plain
from gslb.config.sections import admin, answering, geo, limits, listen, observe, probes, root, service, site, transfer, zone
from gslb.config.tree import read_tree
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration

LARGEST = 4 * 1024 * 1024


def load(path: str | os.PathLike[str]) -> Configuration:
    """Raises ConfigurationError with every fault, in the order of the file."""
    file = os.fspath(path)
    try:
        with open(file, "rb") as opened:
            raw = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _whole(file, 1, f"can't be read: {reason}") from None
    return parse(_decoded(raw, file), file)


def parse(text: str, file: str) -> Configuration:
    """`file` is what faults name, and where relative paths start from. Raises as `load` does."""
    if len(text) > LARGEST:
        raise _whole(file, 1, f"is larger than {LARGEST >> 20} MB; no configuration is")
    faults = Faults(file)
    tree = read_tree(text, faults)
    if tree is None:
        raise ConfigurationError(tuple(faults))
    draft = Draft.of(Table(Node("", tree.line, tree), root.ROOT.keys, faults), faults, Path(os.path.abspath(file)))
    check(draft, faults)
    faults.raise_if_any()
    return _build(draft, hashlib.sha256(text.encode()).hexdigest())


def _decoded(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > LARGEST:
            return " " * len(raw)  # cut in the middle of a character; refused for its size
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}; save it as UTF-8"
        raise _whole(file, line, message) from None


def _whole(file: str, line: int, message: str) -> ConfigurationError:
    return ConfigurationError((Fault(file, line, WHOLE_FILE, message),))


def _build(draft: Draft, digest: str) -> Configuration:
    top = draft.root
    tls = top[root.TLS_]
    node = top[root.NODE]
    limited, tapped, logged = top[root.RATE_LIMIT_], top[root.DNSTAP_], top[root.QUERY_LOG_]
    return Configuration(
        node=node,
        state_dir=_state_dir(draft, node),
        sites=tuple(site.build(table) for table in plain(top[root.SITES])),
        services=tuple(service.build(table) for table in plain(top[root.SERVICES])),
        listen=listen.build(top[root.LISTEN_]),
        zones=tuple(zone.build(each.table, each.served(), draft.absolute) for each in draft.zones),
        geo=geo.build(top[root.GEO_], draft.absolute),
        probes=probes.build(top[root.PROBES_]),
        limits=limits.build(top[root.LIMITS_]),
        users=admin.build(top[root.ADMIN_]),
        tsig_keys=tuple(transfer.build_key(table, draft.absolute) for table in plain(top[root.TSIG_KEYS])),
        cookies=answering.build_cookies(top[root.COOKIES_], draft.absolute),
        rate_limit=None if limited is None else answering.build_rate_limit(limited),
        dnstap=None if tapped is None else observe.build_dnstap(tapped, draft.absolute),
        query_log=None if logged is None else observe.build_query_log(logged, draft.absolute),
        tls=None if tls is None else listen.build_tls(tls, draft.absolute),
        user=top[root.USER],
        file=str(draft.file),
        digest=digest,
    )


def _state_dir(draft: Draft, node: str) -> str:
    """As configured, else by the XDG base directory specification, which ignores relative paths."""
    configured = draft.root[root.STATE_DIR]
    if configured is not None:
        return draft.absolute(configured)
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "gslb", node)
