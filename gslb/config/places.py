"""Where in a file a key stands, for faults that are found after it was read."""

from __future__ import annotations

import re

from gslb.config.faults import Faults
from gslb.config.tree import Listing, Mapping, Tree, read_tree

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


def line_of(file: str, key: str) -> int:
    """The line of `zones[0].dnssec`, or of what is nearest above it. 1 if the file can't be read any more."""
    try:
        with open(file, encoding="utf-8-sig") as opened:
            tree = read_tree(opened.read(), Faults(file))
    except (OSError, ValueError):
        return 1
    return 1 if tree is None else _line(tree, _STEP.findall(key))


def _line(tree: Tree, steps: list[tuple[str, str]]) -> int:
    line = tree.line
    for name, number in steps:
        if isinstance(tree, Mapping):
            entry = next((entry for entry in tree.entries if entry.key == name), None)
            if entry is None:
                break
            line, tree = entry.line, entry.value
        elif isinstance(tree, Listing) and number and int(number) < len(tree.items):
            tree = tree.items[int(number)]
            line = tree.line
        else:
            break
    return line
