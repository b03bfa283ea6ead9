"""gslb/client/documents: what the API answers, as types, from the OpenAPI document.

`python -m tests.client.documents` writes them; a test says whether they are up to date.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gslb.admin import create_app
from tests.admin.bench import Bench

FOLDER = Path(__file__).parents[2] / "gslb" / "client" / "documents"

# Which file has what the paths that begin so answer; what several need is in the first.
FILES = {
    "sites": ("status", "sites", "services"),
    "record": ("events", "config", "measurements", "content", "stream"),
    "steering": ("explain", "simulate", "coverage", "flows", "clients", "history", "overrides", "apply"),
    "people": (),
}
LEFT_OUT = {"Problem", "FieldFault", "HTTPValidationError", "ValidationError"}

_HEAD = '''"""{title}

Written by `python -m tests.client.documents` from the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''
_TITLES = {
    "sites": "What the API answers of sites and services.",
    "record": "What the API answers of the node and what happened.",
    "steering": "What the API answers of who goes where.",
    "people": "What the API answers of what people did and set.",
}
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "object": "dict[str, Any]"}


def written() -> dict[str, str]:
    """The text of each file."""
    schema = create_app(Bench().ready()).openapi()
    schemas = {name: each for name, each in schema["components"]["schemas"].items() if name not in LEFT_OUT}
    homes = _homes(schema["paths"], schemas)
    made = {f"{file}.py": _formatted(_text(file, homes, schemas)) for file in FILES}
    filled = sorted(set(homes.values()))
    names = "\n".join(f"from gslb.client.documents.{file} import *  # noqa: F403" for file in filled)
    made["__init__.py"] = f'"""What the API answers, as types; every answer is a plain dictionary."""\n\n{names}\n'
    return made


def _homes(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, str]:
    """The file of each schema that an answer has, or has in it; bodies of requests need no type."""
    homes: dict[str, str] = {}
    for file, starts in FILES.items():
        for path, methods in paths.items():
            first = path.removeprefix("/api/v1/").split("/")[0]
            if not path.startswith("/api/v1/") or (starts and first not in starts):
                continue
            for operation in methods.values():
                for name in _reached(operation["responses"], schemas):
                    homes.setdefault(name, file)
    return homes


def _reached(part: Any, schemas: Mapping[str, Any], seen: set[str] | None = None) -> Iterator[str]:
    seen = set() if seen is None else seen
    for name in re.findall(r"#/components/schemas/(\w+)", repr(part)):
        if name in schemas and name not in seen:
            seen.add(name)
            yield name
            yield from _reached(schemas[name], schemas, seen)


def _text(file: str, homes: Mapping[str, str], schemas: Mapping[str, Any]) -> str:
    own = [name for name in schemas if homes.get(name) == file]
    bodies = [_class(name, schemas[name]) for name in own]
    used = set(re.findall(r"\w+", " ".join(bodies)))
    imports = ""
    for other in FILES:
        if needed := sorted(name for name in used if homes.get(name) == other and other != file):
            imports += f"from gslb.client.documents.{other} import {', '.join(needed)}\n"
    head = _HEAD.format(title=_TITLES[file]).replace("Any, ", "Any, " if "Any" in used else "")
    for word in ("Literal", "NotRequired"):
        head = head if word in used else head.replace(f"{word}, ", "")
    return "\n".join([head, imports, f"__all__ = {sorted(own)!r}", *bodies])


def _class(name: str, schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        return f"\n{name} = {_type(schema)}\n"
    required = set(schema.get("required", ()))
    fields = {field: _type(each) for field, each in schema["properties"].items()}
    told = {field: kind if field in required else f"NotRequired[{kind}]" for field, kind in fields.items()}
    # A name that is a word of Python takes the other way to write it.
    if not all(field.isidentifier() and not keyword.iskeyword(field) for field in told):
        return f"\n{name} = TypedDict({name!r}, {{{', '.join(f'{field!r}: {kind!r}' for field, kind in told.items())}}})\n"
    return "\n".join([f"\nclass {name}(TypedDict):", *(f"    {field}: {kind}" for field, kind in told.items()), ""])


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(each) for each in schema[several]))
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return _type(schema["allOf"][0])
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(repr(each) for each in schema.get('enum', [schema.get('const')]))}]"
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return f"list[{' | '.join(dict.fromkeys(_type(each) for each in schema['prefixItems']))}]"
        return f"list[{_type(schema.get('items', {}))}]"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {_type(schema['additionalProperties'])}]"
    return _SCALARS.get(schema.get("type", ""), "Any")


def _formatted(text: str) -> str:
    ruff = str(Path(sys.executable).with_name("ruff"))
    name = str(FOLDER / "any.py")
    sorted_ = subprocess.run(
        [ruff, "check", "--select", "I", "--fix", "--quiet", "--stdin-filename", name, "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return subprocess.run(
        [ruff, "format", "--stdin-filename", name, "-"], input=sorted_, capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in written().items():
        (FOLDER / name).write_text(text)
