"""The configuration reference, docs/configuration.md, from the descriptions of the keys.

`python -m gslb.config.reference > docs/configuration.md` writes it; a test says whether it is up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gslb.config.schema import Key
from gslb.config.sections.root import ROOT

_INTRODUCTION = """\
# Configuration

<!-- Written by `python -m gslb.config.reference` from the descriptions in gslb/config/sections. -->

One YAML file configures a node. `gslb check FILE` tells every fault at once, as `file:line: key: what is wrong and
what to do`. A running node reads the file again on SIGHUP and when it changes; a file with a fault is refused, and the
one before keeps running. Changes of `node`, `state_dir`, `user` and the sockets in `listen` wait for a restart; a renewed
certificate does not.

[config/inetboot.yaml](../config/inetboot.yaml) is an annotated example with every section;
[config/examples](../config/examples) has the smallest that works, and a package mirror.

**How values are written**

- Unknown keys are faults, and so is a key written twice.
- Durations are a number and a unit: `500ms`, `10s`, `5m`, `2h`, `14d`.
- Networks are CIDR, `203.0.113.0/24` or `2001:db8::/32`; a bare address is the network of itself.
- Places are `[latitude, longitude]` in degrees, north and east positive.
- Paths of files are relative to the configuration file.
- Countries are ISO 3166-1 alpha-2 codes. `NO` is Norway, with or without quotes.
- Names of zones and hosts are ASCII (`xn--…`), case and a final dot do not matter.
- YAML anchors, aliases and `<<` work; tags do not. A file is at most 4 MB of UTF-8.
"""


def reference() -> str:
    """The whole document, in Markdown."""
    simple = [key for key in ROOT.keys if not key.kind.keys]
    sections = [key for key in ROOT.keys if key.kind.keys]
    parts = [_INTRODUCTION, "## The node\n", _table(simple, "")]
    for key in sections:
        parts += [f"## `{key.name}`\n", f"{key.about}{_presence(key)}\n", _table(key.kind.keys, _inside(key, ""))]
    return "\n".join(parts)


def _presence(key: Key[Any]) -> str:
    if key.implied or key.default is None:
        return " Required." if not key.implied else ""
    return f" Absent: {key.shown}."


def _inside(key: Key[Any], path: str) -> str:
    return f"{path}{key.name}{key.kind.suffix}."


def _table(keys: tuple[Key[Any], ...] | list[Key[Any]], path: str) -> str:
    rows = [f"| {' | '.join(cells)} |" for cells in _rows(keys, path)]
    return "\n".join(["| key | value | default | |", "| --- | --- | --- | --- |", *rows]) + "\n"


def _rows(keys: tuple[Key[Any], ...] | list[Key[Any]], path: str) -> Iterator[tuple[str, str, str, str]]:
    for key in keys:
        default = "**required**" if key.default is None and not key.implied else key.shown
        yield f"`{path}{key.name}`", _escaped(key.kind.words), _escaped(default), _escaped(key.about)
        yield from _rows(key.kind.keys, _inside(key, path))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
