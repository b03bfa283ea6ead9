"""Changes written into the text of a configuration, as a person would: a number here, a line there, all else as it was.

The text is only looked at through ruamel's nodes, which know where they stand, and is cut open at those places; so comments,
order, quotes and folds stay. What comes of it is then read like any configuration, and has to be what the changes make of the
old one and nothing else: where an anchor or a merge key makes it more, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gslb.config.load import parse
from gslb.errors import ConflictError
from gslb.model import Change, Configuration, Network, Reweight, Rule, Steer, overlaid


@dataclass(frozen=True, slots=True, order=True)
class _Splice:
    """`end` is that of what goes; where nothing does, it is `start`."""

    start: int
    end: int
    text: str


def edited(text: str, file: str, changes: Sequence[Change]) -> str:
    """The text with the changes in it. Raises ConfigurationError if it has faults before or after, ConflictError if it can't be.

    A change of what is not in it is one of those.
    """
    base = parse(text, file)
    new, ending = text, "\r\n" if "\r\n" in text else "\n"
    for splice in sorted(_splices(text, base, changes), reverse=True):
        new = new[: splice.start] + splice.text.replace("\n", ending) + new[splice.end :]
    wanted, got = overlaid(base, changes), parse(new, file)
    if (got.sites, got.services) != (wanted.sites, wanted.services):
        raise ConflictError(
            f"{file} says this in a way that can't be changed by itself, with anchors or merge keys maybe: edit it by hand"
        )
    return new


def _splices(text: str, base: Configuration, changes: Sequence[Change]) -> Iterator[_Splice]:
    root = _composed(text)
    weights = {change.site: change.weight for change in changes if isinstance(change, Reweight)}
    known = {site.id: site.weight for site in base.sites}
    for site, weight in weights.items():
        if known.get(site) != weight:
            yield _weight(text, _entry(root, "sites", "id", site), weight)
    rules: dict[str, list[Rule]] = {}
    for change in changes:
        if isinstance(change, Steer):
            rules.setdefault(change.service, []).append(change.rule)
    for host, added in rules.items():
        yield _rules(text, _entry(root, "services", "host", host), added)


def _composed(text: str) -> MappingNode:
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:  # it was read a moment ago, by the same parser
        raise ConflictError(f"it can't be composed: {str(error).splitlines()[0]}") from error
    if not isinstance(root, MappingNode):
        raise ConflictError("it is no mapping")
    return root


def _entry(root: MappingNode, section: str, key: str, name: str) -> MappingNode:
    """The site or service of this name."""
    listed = _value(root, section)
    for item in listed.value if isinstance(listed, SequenceNode) else ():
        if isinstance(item, MappingNode):
            found = _value(item, key)
            if isinstance(found, ScalarNode) and found.value.lower().rstrip(".") == name:
                return item
    raise ConflictError(f"{name} is not written there as {key} of one of its {section}: edit it by hand")


def _value(mapping: MappingNode, key: str) -> Node | None:
    return next((value for name, value in mapping.value if isinstance(name, ScalarNode) and name.value == key), None)


def _weight(text: str, site: MappingNode, weight: int) -> _Splice:
    found = _value(site, "weight")
    if found is not None:
        return _Splice(found.start_mark.index, found.end_mark.index, str(weight))
    return _added(text, site, "id", f"weight: {weight}")


def _rules(text: str, service: MappingNode, rules: Sequence[Rule]) -> _Splice:
    items = [_written(rule) for rule in rules]
    found = _value(service, "rules")
    if found is None:
        if service.flow_style:
            return _added(text, service, "host", f"rules: [{', '.join(items)}]")
        indent = _indent(service)
        return _added(text, service, "host", "\n".join(["rules:", *(f"{indent}  - {item}" for item in items)]))
    if not isinstance(found, SequenceNode):
        raise ConflictError("its rules are no list: edit it by hand")
    if found.flow_style:
        inside = found.start_mark.index + 1
        return _Splice(inside, inside, ", ".join(items) + (", " if found.value else ""))
    start = _line_start(text, found.start_mark.index)
    lead = text[start : found.start_mark.index]
    if lead.strip():
        raise ConflictError("its rules begin within a line: edit it by hand")
    return _Splice(start, start, "".join(f"{lead}- {item}\n" for item in items))


def _added(text: str, mapping: MappingNode, after: str, words: str) -> _Splice:
    """A key after the one that names it: on a line of its own, or within the braces."""
    end: int = _named(mapping, after).end_mark.index
    if mapping.flow_style:
        return _Splice(end, end, f", {words}")
    line_end = text.find("\n", end)
    if line_end < 0:
        return _Splice(len(text), len(text), f"\n{_indent(mapping)}{words}")
    return _Splice(line_end + 1, line_end + 1, f"{_indent(mapping)}{words}\n")


def _named(mapping: MappingNode, key: str) -> Any:
    return _value(mapping, key)


def _indent(mapping: MappingNode) -> str:
    """What stands before its keys, as spaces."""
    return " " * int(mapping.value[0][0].start_mark.column)


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _written(rule: Rule) -> str:
    """As the reference configuration writes a rule: on one line."""
    match = rule.match
    parts = [f"network: [{', '.join(map(_network, match.networks))}]"] if match.networks else []
    parts += [f"asn: [{', '.join(map(str, match.asns))}]"] if match.asns else []
    parts += [f"country: [{', '.join(match.countries)}]"] if match.countries else []
    until = "" if rule.until is None else f", until: {rule.until.isoformat()}"
    return f"{{match: {{{', '.join(parts)}}}, {rule.action}: [{', '.join(rule.targets)}]{until}}}"


def _network(network: Network) -> str:
    return f'"{network}"' if network.version == 6 else str(network)
