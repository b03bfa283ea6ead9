"""From a file to a Configuration: read, check, build."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from gslb.config.checks import check
from gslb.config.draft import Draft
from gslb.config.faults import WHOLE_FILE, Faults
from gslb.config.schema import Node, Table, plain
from gslb.config.sections import (
    admin,
    alerts,
    answering,
    geo,
    limits,
    listen,
    observe,
    oidc,
    otlp,
    probes,
    root,
    service,
    site,
    transfer,
    zone,
)
from gslb.config.textfile import read_text
from gslb.config.tree import Unreadable, read_tree
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration

LARGEST = 4 * 1024 * 1024
_TOO_LARGE = "no configuration is"


def load(path: str | os.PathLike[str]) -> Configuration:
    """Raises ConfigurationError with every fault, in the order of the file."""
    file = os.fspath(path)
    try:
        text = read_text(file, LARGEST, _TOO_LARGE)
    except Unreadable as fault:
        raise _whole(file, fault.line, fault.message) from None
    return parse(text, file)


def parse(text: str, file: str) -> Configuration:
    """`file` is what faults name, and where relative paths start from. Raises as `load` does."""
    if len(text) > LARGEST:
        raise _whole(file, 1, f"is larger than {LARGEST >> 20} MB; {_TOO_LARGE}")
    faults = Faults(file)
    tree = read_tree(text, faults)
    if tree is None:
        raise ConfigurationError(tuple(faults))
    draft = Draft.of(Table(Node("", tree.line, tree), root.ROOT.keys, faults), faults, Path(os.path.abspath(file)))
    check(draft, faults)
    faults.raise_if_any()
    files = ((str(draft.file), sha256(text.encode()).hexdigest()), *draft.zone_files())
    return _build(draft, files)


def _whole(file: str, line: int, message: str) -> ConfigurationError:
    return ConfigurationError((Fault(file, line, WHOLE_FILE, message),))


def _digest(files: Sequence[tuple[str, str]]) -> str:
    """Another one for another text of any of them. Without further files it is the SHA-256 of the configuration."""
    own, *others = (digest for _, digest in files)
    return sha256("\n".join([own, *others]).encode()).hexdigest() if others else own


def _build(draft: Draft, files: tuple[tuple[str, str], ...]) -> Configuration:
    top = draft.root
    tls = top[root.TLS_]
    node = top[root.NODE]
    limited, tapped, logged, exported = top[root.RATE_LIMIT_], top[root.DNSTAP_], top[root.QUERY_LOG_], top[root.OTLP_]
    return Configuration(
        node=node,
        state_dir=_state_dir(draft, node),
        sites=tuple(site.build(table) for table in plain(top[root.SITES])),
        services=tuple(service.build(table) for table in plain(top[root.SERVICES])),
        listen=listen.build(top[root.LISTEN_]),
        zones=tuple(zone.build(each.table, each.nameservers(), each.served(), draft.absolute) for each in draft.zones),
        geo=geo.build(top[root.GEO_], draft.absolute),
        probes=probes.build(top[root.PROBES_]),
        limits=limits.build(top[root.LIMITS_]),
        users=admin.build(top[root.ADMIN_]),
        oidc=oidc.build(top[root.ADMIN_], draft.absolute),
        alerts=alerts.build(top[root.ALERTS_], draft.absolute),
        tsig_keys=tuple(transfer.build_key(table, draft.absolute) for table in plain(top[root.TSIG_KEYS])),
        cookies=answering.build_cookies(top[root.COOKIES_], draft.absolute),
        rate_limit=None if limited is None else answering.build_rate_limit(limited),
        dnstap=None if tapped is None else observe.build_dnstap(tapped, draft.absolute),
        query_log=None if logged is None else observe.build_query_log(logged, draft.absolute),
        otlp=None if exported is None else otlp.build(exported),
        tls=None if tls is None else listen.build_tls(tls, draft.absolute),
        user=top[root.USER],
        file=str(draft.file),
        digest=_digest(files),
        files=files,
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
