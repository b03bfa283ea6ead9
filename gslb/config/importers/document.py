"""The YAML that an importer writes: with comments, the same for the same input, and accepted by `gslb check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString

from gslb.config.importers.notes import Notes, Place
from gslb.config.importers.zonepiece import ZonePiece
from gslb.config.load import parse
from gslb.errors import ConfigurationError, Fault

_WIDE = 4096
_MOST_ROUNDS = 8  # a record that is taken out may have been what another one needed
_NAME = "imported.yaml"
_SCENE = """\
node: import
sites: [{id: a, region: b, location: [0, 0], addresses: [192.0.2.1], url: "http://192.0.2.1/"}]
services: [{host: import.invalid, via: [http]}]
"""


def zones_document(pieces: Sequence[ZonePiece], heading: str) -> str:
    """A `zones` key alone."""
    return dumped({"zones": zones_of(pieces)}, heading)


def zones_of(pieces: Sequence[ZonePiece]) -> CommentedSeq:
    listed = CommentedSeq()
    for number, piece in enumerate(pieces):
        listed.append(_zone(piece))
        if piece.remarks:
            listed.yaml_set_comment_before_after_key(number, before="\n".join(piece.remarks), indent=2)
    return listed


def _zone(piece: ZonePiece) -> CommentedMap:
    zone = CommentedMap(name=piece.name, nameservers=CommentedMap())
    for host, addresses in piece.nameservers.items():
        zone["nameservers"][host] = flow(addresses)
    if piece.contact is not None:
        zone["contact"] = piece.contact
    zone["ttl"] = f"{piece.ttl_s}s"
    if piece.negative_ttl_s is not None:
        zone["negative_ttl"] = f"{piece.negative_ttl_s}s"
    if piece.lines:
        zone["records"] = LiteralScalarString("".join(f"{line}\n" for line, _ in piece.lines))
    return zone


def flow(items: Sequence[Any]) -> CommentedSeq:
    """A list on one line."""
    listed = CommentedSeq(items)
    listed.fa.set_flow_style()
    return listed


def flow_map(items: Mapping[str, Any]) -> CommentedMap:
    """A mapping on one line."""
    mapped = CommentedMap(items)
    mapped.fa.set_flow_style()
    return mapped


def dumped(document: Mapping[str, Any], heading: str) -> str:
    yaml = YAML()
    yaml.width = _WIDE
    yaml.representer.ignore_aliases = lambda *_: True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    whole = CommentedMap(document)
    whole.yaml_set_start_comment(heading)
    yaml.dump(whole, out)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def accepted(pieces: Sequence[ZonePiece], write: Callable[[], str], notes: Notes, *, alone: bool) -> str:
    """What `write` writes, without the records in which a configuration may not have them; each is told.

    `alone`: only `zones` is written, and is looked at beside a site and a service of no matter.
    """
    for _ in range(_MOST_ROUNDS):
        text = write()
        faults = _faults(text + _SCENE if alone else text)
        wrong = dict(_records(faults, text, pieces))
        if not wrong:
            break
        for piece in pieces:
            piece.lines = [one for one in piece.lines if one not in wrong]
        for (_, place), message in wrong.items():
            notes.lost(place, f"{message} (left out)")
    else:
        text = write()
        faults = _faults(text + _SCENE if alone else text)
    for fault in faults:
        notes.lost(Place(_NAME, fault.line), f"{fault.key}: {fault.message}")
    return text


def _faults(text: str) -> tuple[Fault, ...]:
    try:
        parse(text, _NAME)
    except ConfigurationError as error:
        return error.faults
    return ()


def _records(faults: Sequence[Fault], text: str, pieces: Sequence[ZonePiece]) -> Iterator[tuple[tuple[str, Place], str]]:
    """The records whose lines have a fault."""
    at = {}
    lines = enumerate(text.splitlines(), 1)
    for piece in pieces:
        for record in piece.lines:
            number = next(number for number, line in lines if line.strip() == record[0].strip())
            at[number] = record
    for fault in faults:
        if fault.line in at and fault.key.endswith(".records"):
            yield at[fault.line], fault.message
