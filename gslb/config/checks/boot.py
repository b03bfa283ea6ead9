"""`boot` and `serve_through` of services: images whose scripts can be reached, and mean in every language what is written."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Node, Table, plain
from gslb.config.sections import boot, content, service
from gslb.model import Door
from gslb.model.text import commands_of_ipxe

_TAKEN = ".fastest"


def check(draft: Draft, faults: Faults) -> None:
    for table in draft.services:
        images = plain(table.value(service.BOOT))
        if images and Door.HTTP not in service.doors(table):
            node = table.at(service.BOOT)
            faults.add(node.line, node.path, "is answered over HTTP, which `via` leaves out; add http there, or leave this out")
        _agents(table, faults)
        sets = {
            name: None if (prefix := item.value(content.PREFIX)) is None else unquote(prefix)
            for item in plain(table.value(service.CONTENT))
            if (name := item.text(content.NAME)) is not None
        }
        _names(images, faults)
        for image in images:
            _image(image, sets, faults)


def _agents(table: Table, faults: Faults) -> None:
    through = table.value(service.SERVE_THROUGH)
    for item in (through.value(boot.AGENTS) if through else None) or ():
        if not item.value.strip():
            message = "is empty, and would be every client; write how a User-Agent begins, or agents: [] for nobody"
            faults.add(item.node.line, item.node.path, message)


def _names(images: tuple[Table, ...], faults: Faults) -> None:
    names: dict[str, str] = {}
    for image in images:
        name, node = image.value(boot.NAME), image.at(boot.NAME)
        if name is not None and names.setdefault(name, image.node.path) != image.node.path:
            faults.add(node.line, node.path, f"{quoted(name)} is already the name of {names[name]}")
        if name is not None and name.endswith(_TAKEN):
            other = name.removesuffix(_TAKEN)
            faults.add(node.line, node.path, f"{quoted(name)} would be the script of {quoted(other)} that measures; take another")


def _image(image: Table, sets: Mapping[str, str | None], faults: Faults) -> None:
    fuse, append, of = image.value(boot.HTTPFUSE), image.value(boot.APPEND), image.value(boot.CONTENT)
    if fuse is not None and not fuse.endswith("/"):
        node = image.at(boot.HTTPFUSE)
        faults.add(node.line, node.path, f"{quoted(fuse)} is no directory; write {quoted(fuse + '/')}")
    command = commands_of_ipxe(append or "")
    if command is not None:
        node = image.at(boot.APPEND)
        faults.add(node.line, node.path, f"{quoted(command)} is a command to iPXE, which knows no quotes; leave it out")
    if of is not None and of not in sets:
        node, hint = image.at(boot.CONTENT), faults.did_you_mean(of, list(sets))
        faults.add(node.line, node.path, f"{quoted(of)} is not a release set of this service{hint}")
    elif of is not None:
        _inside(image, of, sets[of], faults)
    else:
        _together(image, sets, faults)


def _files(image: Table) -> list[tuple[str, Node]]:
    kernel = image.value(boot.KERNEL)
    files = [] if kernel is None else [(kernel, image.at(boot.KERNEL))]
    return files + [(item.value, item.node) for item in image.value(boot.INITRD) or ()]


def _together(image: Table, sets: Mapping[str, str | None], faults: Faults) -> None:
    """A site is chosen by the set of the kernel alone: nobody would look at what it has of another."""
    kernel = image.value(boot.KERNEL)
    ours = None if kernel is None else _set_of(kernel, sets)
    for path, node in _files(image):
        theirs = _set_of(path, sets)
        if kernel is not None and theirs not in (None, ours):
            whose = f"is of {ours}" if ours else "is of no release set"
            message = f"{quoted(path)} is of {theirs}, and the kernel {whose}: an image is of one; let them lie in the same"
            faults.add(node.line, node.path, message)


def _set_of(path: str, sets: Mapping[str, str | None]) -> str | None:
    inside = [(len(prefix), name) for name, prefix in sets.items() if prefix and unquote(path).startswith(prefix)]
    return max(inside)[1] if inside else None


def _inside(image: Table, of: str, prefix: str | None, faults: Faults) -> None:
    """What lies elsewhere is in no manifest of the set, and changes when it likes."""
    for path, node in _files(image):
        if prefix is not None and not unquote(path).startswith(prefix):
            faults.add(node.line, node.path, f"{quoted(path)} is not of {of}, which is all below {prefix}; correct one of them")
