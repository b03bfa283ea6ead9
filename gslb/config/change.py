"""What differs between two configurations, in sentences for the event of a reload."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from gslb.config.faults import listed
from gslb.model import Configuration, Listen

T = TypeVar("T")

# What a running node keeps: sockets, files and processes are opened once.
AFTER_RESTART = ("node", "state_dir", "user")
AT_ONCE = (
    "geo",
    "probes",
    "limits",
    "users",
    "tls",
    "tsig_keys",
    "cookies",
    "rate_limit",
    "dnstap",
    "query_log",
    "otlp",
    "alerts",
)


def describe_change(old: Configuration, new: Configuration) -> tuple[str, ...]:
    """Short sentences, the ones that need a restart last; empty when nothing differs but the text."""
    return (
        *_named("site", old.sites, new.sites, lambda site: site.id),
        *_named("service", old.services, new.services, lambda service: service.host),
        *_named("zone", old.zones, new.zones, lambda zone: zone.name),
        *(f"{key} changed" for key in _differing(old, new, AT_ONCE)),
        *_listen(old.listen, new.listen),
        *(f"{key} changed, which takes a restart" for key in _differing(old, new, AFTER_RESTART)),
    )


def _listen(old: Listen, new: Listen) -> Iterable[str]:
    if old.trusted_proxies != new.trusted_proxies:
        yield "trusted_proxies changed"
    if replace(old, trusted_proxies=new.trusted_proxies) != new:
        yield "listen changed, which takes a restart"


def _named(what: str, old: Iterable[T], new: Iterable[T], name: Callable[[T], str]) -> Iterable[str]:
    before, after = {name(item): item for item in old}, {name(item): item for item in new}
    for verb, names in (("added", after.keys() - before.keys()), ("removed", before.keys() - after.keys())):
        if names:
            yield f"{what} {listed(sorted(names))} {verb}"
    for key, item in after.items():
        if key in before and before[key] != item:
            yield f"{what} {key}: {listed(_differing(before[key], item))} changed"


def _differing(old: Any, new: Any, names: Iterable[str] | None = None) -> list[str]:
    keys = names if names is not None else [field.name for field in fields(new)]
    return [key.removesuffix("_s") for key in keys if getattr(old, key) != getattr(new, key)]
