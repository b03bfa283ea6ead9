"""The small file of `gslb-probe`: YAML, read into a VantageConfig.

Every fault of the file is found at once, each with its line. Relative paths are relative to the file.
"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from probes.located import ConfigError, Map, Reader, is_kind, parsed
from probes.model import DEFAULT_PORTS, Check, CheckError, Target
from probes.setting import Own, trusting

SIZE_LIMIT = 4 * 2**20

_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")


@dataclass(frozen=True, slots=True)
class VantageConfig:
    """What a vantage point needs to know. `location` is latitude and longitude in degrees."""

    vantage: str
    node_urls: tuple[str, ...] = ()
    token_file: Path | None = None
    location: tuple[float, float] | None = None
    contact: str = ""
    interval_s: float = 10.0
    timeout_s: float = 4.0
    ca_file: Path | None = None
    own: Own = frozenset()
    targets: tuple[Target, ...] = ()


def load(path: Path) -> VantageConfig:
    """Read a file. Raises ConfigError with all its faults, OSError when it cannot be read."""
    with path.open("rb") as file:
        raw = file.read(SIZE_LIMIT + 1)
    if len(raw) > SIZE_LIMIT:
        raise ConfigError([f"{path}:1: more than {SIZE_LIMIT >> 20} MB"])
    reader = Reader(path)
    config = _config(reader, parsed(path, raw))
    if reader.faults or config is None:
        raise ConfigError([text for _, text in sorted(reader.faults)])
    return config


def _config(reader: Reader, value: object) -> VantageConfig | None:
    if not isinstance(value, CommentedMap):
        reader.fault(1, "file", "a mapping of keys to values")
        return None
    top = Map(reader, value, "")
    top.only(_KEYS)
    token, ca_file = top.text("token_file"), top.text("ca_file")
    return VantageConfig(
        vantage=_vantage(top),
        node_urls=_node_urls(top),
        token_file=reader.beside(token) if token else None,
        location=_location(top),
        contact=_contact(top),
        interval_s=top.duration_s("interval") or 10.0,
        timeout_s=top.duration_s("timeout") or 4.0,
        ca_file=_ca_file(top, reader.beside(ca_file)) if ca_file else None,
        own=frozenset(_own(top)),
        targets=tuple(_targets(top)),
    )


_KEYS = (
    *("vantage", "node_urls", "token_file", "location", "contact"),
    *("interval", "timeout", "ca_file", "own", "targets"),
)


def _vantage(top: Map) -> str:
    name = top.text("vantage")
    if name is None and "vantage" not in top.values:
        top.fault("vantage", "missing: the name of this vantage point")
    if name is not None and not _NAME.fullmatch(name):
        top.fault("vantage", "letters, digits, dots, dashes and underscores, at most 63")
    return name or ""


def _node_urls(top: Map) -> tuple[str, ...]:
    urls = top.texts("node_urls") or ()
    if not all(re.fullmatch(r"https?://[\x21-\x7e]+", url) for url in urls):
        top.fault("node_urls", "a list of http:// or https:// URLs")
    return urls


def _location(top: Map) -> tuple[float, float] | None:
    value = top.values.get("location")
    if "location" not in top.values:
        return None
    numbers = list(value) if isinstance(value, CommentedSeq) else []
    if len(numbers) == 2 and all(is_kind(item, int) or is_kind(item, float) for item in numbers):
        latitude, longitude = float(numbers[0]), float(numbers[1])
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return latitude, longitude
    top.fault("location", "[latitude, longitude] in degrees")
    return None


def _contact(top: Map) -> str:
    contact = top.text("contact") or ""
    if not re.fullmatch(r"[\x21-\x27\x2a-\x7e]{0,200}", contact):
        top.fault("contact", "a mail address or URL, at most 200 characters")
    return contact


def _ca_file(top: Map, path: Path) -> Path:
    try:
        trusting(str(path))
    except (OSError, ssl.SSLError) as error:
        top.fault("ca_file", f"cannot be used: {error}")
    return path


def _own(top: Map) -> Iterator[tuple[str, int | None]]:
    for text in top.texts("own") or ():
        match = _HOST_PORT.fullmatch(text)
        if match is None or int(match["port"] or 1) not in range(1, 65536):
            top.fault("own", f"{text!r} is not a host, or host and port")
        else:
            yield match["host"], int(match["port"]) if match["port"] else None


def _targets(top: Map) -> Iterator[Target]:
    for number, item in enumerate(top.maps("targets")):
        item.only(("site", "address", "host", "check"))
        site, address, check = item.text("site"), item.text("address"), _check(item)
        host = item.text("host")
        for key in ("site", "address", "check"):
            if key not in item.values:
                item.fault(key, "missing")
        if site and address and check:
            target = _target(item, f"{site}#{number}", site, address, check, host)
            if target is not None:
                yield target


def _target(item: Map, key: str, site: str, address: str, check: Check, host: str | None) -> Target | None:
    port = check.port or DEFAULT_PORTS.get(check.type, 0)
    literal = f"[{address}]" if ":" in address else address
    try:
        return Target(key, site, address, port, check, host or check.host or literal)
    except ValueError as error:
        item.fault(*str(error).split(": ", 1))
        return None


def _check(item: Map) -> Check | None:
    check = item.inner("check")
    if check is None:
        return None
    check.only(tuple(Check.__slots__))
    given = {
        **{key: check.text(key) for key in ("type", "path", "host", "method", "contains", "sha256")},
        **{key: check.text(key) for key in ("query_name", "query_type")},
        **{key: check.integer(key) for key in ("port", "size")},
        "status": check.integers("status"),
        "command": check.texts("command"),
        "verify": check.flag("verify"),
    }
    if "type" not in check.values:
        check.fault("type", "missing")
    if given["type"] is None:
        return None
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if given["type"] == "tcp" and "port" not in check.values:
        check.fault("port", "missing: a tcp check needs one")
        values["port"] = 1
    try:
        return Check(**values)
    except CheckError as error:
        for key, what in error.faults:
            check.fault(key, what)
        return None
