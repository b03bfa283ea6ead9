"""/docs: the OpenAPI document, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages import footer, page


def manual_page(schema: Mapping[str, Any]) -> str:
    info = schema["info"]
    operations = [(path, method, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()]
    return page(
        "API – gslb",
        element(
            "main",
            element("p", element("a", "← Dashboard", href="/")),
            element("h1", f"The API of gslb {info['version']}"),
            element("p", _prose(info["description"])),
            element("p", "The same for programs: ", element("a", "OpenAPI", href="/openapi.json"), "."),
            element("nav", element("ul", *(_link(*each) for each in operations))),
            *(_operation(*each) for each in operations),
            element("h2", "Objects"),
            *(_object(name, each) for name, each in sorted(schema["components"]["schemas"].items())),
            class_="manual",
        ),
        footer(),
        class_="plain",
    )


def _link(path: str, method: str, _: Mapping[str, Any]) -> Child:
    return element("li", element("a", element("code", f"{method.upper()} {path}"), href=f"#{_anchor(path, method)}"))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Child:
    body = operation.get("requestBody", {}).get("content", {})
    answers = operation["responses"].items()
    return element(
        "section",
        element("h2", element("span", method.upper(), class_=f"method {method}"), " ", element("code", path)),
        element("p", _prose(operation.get("description", ""))),
        _table("Parameter", (_parameter(each) for each in operation.get("parameters", ()))),
        [element("p", "Body: ", _type(each.get("schema", {}))) for each in body.values()],
        _table("Answer", ((status, _answer(each)) for status, each in answers)),
        _example(operation),
        id=_anchor(path, method),
    )


def _example(operation: Mapping[str, Any]) -> Child:
    """A body, and what came for it."""
    asked = _values(operation.get("requestBody", {}))
    told = [value for answer in operation["responses"].values() for value in _values(answer)]
    shown = [element("pre", element("code", _written(value))) for value in (*asked, *told[:1])]
    return element("details", element("summary", "Example"), *shown) if shown else None


def _values(part: Mapping[str, Any]) -> list[Any]:
    contents = part.get("content", {}).values()
    return [each["value"] for content in contents for each in content.get("examples", {}).values()]


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def _parameter(parameter: Mapping[str, Any]) -> tuple[Child, Child]:
    schema = parameter.get("schema", {})
    needed = " (required)" if parameter.get("required") else ""
    words = parameter.get("description", "")
    default = f" Default: {schema['default']}." if schema.get("default") is not None else ""
    name = [element("code", parameter["name"]), f" in {parameter['in']}{needed}"]
    return name, [_type(schema), f". {words}{default}" if words or default else ""]


def _answer(answer: Mapping[str, Any]) -> Child:
    shapes = [_type(each["schema"]) for each in answer.get("content", {}).values() if each.get("schema")]
    return [answer.get("description", ""), " ", shapes[:1]]


def _object(name: str, schema: Mapping[str, Any]) -> Child:
    required = set(schema.get("required", ()))
    rows = (
        (
            [element("code", field), "" if field in required else " (may be absent)"],
            [_type(each), f". {each['description']}" if each.get("description") else ""],
        )
        for field, each in schema.get("properties", {}).items()
    )
    words = schema.get("description", "")
    return element(
        "section", element("h3", name), element("p", _prose(words)) if words else None, _table("Field", rows), id=f"object-{name}"
    )


def _table(title: str, rows: Iterator[tuple[Child, Child]]) -> Child:
    lines = [element("tr", element("th", left, scope="row"), element("td", right)) for left, right in rows]
    return element("table", element("caption", title), element("tbody", *lines)) if lines else None


def _type(schema: Mapping[str, Any]) -> Child:
    """In a word or two, with links to the objects."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return element("a", name, href=f"#object-{name}")
    if "anyOf" in schema:
        shapes = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return [_joined([_type(each) for each in shapes]), " or null" if len(shapes) < len(schema["anyOf"]) else ""]
    if "enum" in schema or "const" in schema:
        return _joined([element("code", str(each)) for each in schema.get("enum", [schema.get("const")])])
    if schema.get("type") == "array":
        return ["list of ", _type(schema.get("items", {}))]
    return schema.get("format") or schema.get("type") or "anything"


def _joined(parts: list[Child]) -> Child:
    return [[" or " if number else "", part] for number, part in enumerate(parts)]


def _prose(text: str) -> Child:
    """What stands between backticks is code."""
    parts = text.split("`")
    return [element("code", part) if number % 2 else part for number, part in enumerate(parts)]


def _anchor(path: str, method: str) -> str:
    return f"{method}{path.replace('/', '-').replace('{', '').replace('}', '')}"
