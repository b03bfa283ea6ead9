"""The OpenAPI document: what FastAPI finds in the routes, and what holds for all of them (`conventions`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from gslb.admin.conventions import of_api
from gslb.admin.conventions.etags import TAGGED
from gslb.admin.problems import Problem, documented

Schema = dict[str, Any]

EXAMPLES: Final = Path(__file__).with_name("data") / "examples.json"  # written by `python -m tests.admin.examples`

_CHANGING: Final = ("delete", "patch", "post", "put")
_STREAM: Final = "text/event-stream"

_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
    "description": "A new one for each request: what comes again with it is answered as before, and not done again.",
}
_TAG: Final[Schema] = {"description": "Equal tags are equal octets; send it as `If-None-Match`.", "schema": {"type": "string"}}
_LINK: Final[Schema] = {
    "description": 'Where there is more: the next page, as rel="next" (RFC 8288).',
    "schema": {"type": "string"},
}
_UNCHANGED: Final[Schema] = {"description": "What the reader has, by its `If-None-Match`, is what there is."}


class Described(FastAPI):
    """With the problem document in it, to which every refusal refers."""

    def openapi(self) -> Schema:
        if not self.openapi_schema:
            schema = super().openapi()
            _add_problem(schema)
            examples = json.loads(EXAMPLES.read_text())
            for path, method, operation in operations(schema):
                _complete(path, method, operation)
                _exemplify(operation, examples.get(f"{method.upper()} {path}", {}))
        return self.openapi_schema or schema


def operations(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _add_problem(schema: Schema) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = problem.pop("$defs", {})
    schema.setdefault("components", {}).setdefault("schemas", {}).update({"Problem": problem, **definitions})


def _complete(path: str, method: str, operation: Schema) -> None:
    words = operation.get("description", "")
    if words:
        operation["summary"] = _summary(words)
    if path in TAGGED:
        operation["responses"]["304"] = _UNCHANGED
    if not of_api(path):
        return
    answers = operation["responses"]
    if method in _CHANGING:
        operation.setdefault("parameters", []).append(_KEY)
        for status, answer in documented(409, 413, 422).items():
            answers.setdefault(str(status), answer)
    elif method == "get" and _STREAM not in answers.get("200", {}).get("content", {}):
        answers["304"] = _UNCHANGED
        answers["200"].setdefault("headers", {})["ETag"] = _TAG
        if any(each["name"] == "before" for each in operation.get("parameters", ())):
            answers["200"]["headers"]["Link"] = _LINK


def _exemplify(operation: Schema, example: Schema) -> None:
    """A request that can be sent as it is, and what came."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = _of_type(parameter["schema"], example["parameters"][parameter["name"]])
    if "body" in example:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content["examples"] = {"example": {"value": example["body"]}}
    content = operation["responses"].get(str(example.get("status")), {}).get("content", {})
    if "answer" in example and example["type"] in content:
        content[example["type"]]["examples"] = {"example": {"value": example["answer"]}}


def _of_type(schema: Schema, text: str) -> object:
    """A parameter is text on its way, and a number or a list in its schema."""
    kinds = [schema, *schema.get("anyOf", ())]
    if any(each.get("type") == "array" for each in kinds):
        return [text]
    return int(text) if any(each.get("type") == "integer" for each in kinds) and text.isdigit() else text


def _summary(words: str) -> str:
    """The first sentence, without its full stop."""
    first = words.split("\n\n")[0].replace("\n", " ").partition(". ")[0]
    return first.strip().rstrip(".").replace("`", "")
