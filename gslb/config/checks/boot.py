"""`boot` of services: images whose scripts can be reached, and mean in every language what is written."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from gslb.config.draft import Draft
from gslb.config.faults import Faults, quoted
from gslb.config.schema import Table, plain
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
        sets = {
            name: item.value(content.PREFIX)
            for item in plain(table.value(service.CONTENT))
            if (name := item.text(content.NAME)) is not None
        }
        _names(images, faults)
        for image in images:
            _image(image, sets, faults)


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


def _inside(image: Table, of: str, prefix: str | None, faults: Faults) -> None:
    """What lies elsewhere is in no manifest of the set, and changes when it likes."""
    kernel = image.value(boot.KERNEL)
    files = [] if kernel is None else [(kernel, image.at(boot.KERNEL))]
    files += [(item.value, item.node) for item in image.value(boot.INITRD) or ()]
    for path, node in files:
        if prefix is not None and not unquote(path).startswith(prefix):
            faults.add(node.line, node.path, f"{quoted(path)} is not of {of}, which is all below {prefix}; correct one of them")
