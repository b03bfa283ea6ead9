"""The OpenAPI document: every operation says what it does, and shows it with an example that fits its own schema."""

import re

import jsonschema_rs
import pytest

from gslb.admin import create_app
from gslb.admin.description import operations
from tests.admin.bench import Bench
from tests.admin.examples import RECIPES

DOCUMENT = create_app(Bench().ready()).openapi()
OPERATIONS = {f"{method.upper()} {path}": operation for path, method, operation in operations(DOCUMENT)}


def faults(schema, value) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}"[:300] for error in validator.iter_errors(value)]


def parts(operation):
    """Each body that is asked for, and the answers of success, by the type of content."""
    asked = operation.get("requestBody", {}).get("content", {})
    good = [answer.get("content", {}) for status, answer in operation["responses"].items() if status.startswith("2")]
    return [(kind, content) for each in (asked, *good) for kind, content in each.items() if "schema" in content]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_says_what_it_does_and_shows_it(name):
    operation = OPERATIONS[name]
    assert re.fullmatch(r".{3,200}", operation["summary"])
    shown = [
        (content["schema"], each["value"]) for _, content in parts(operation) for each in content.get("examples", {}).values()
    ]
    assert shown or all(not content.get("schema") for _, content in parts(operation)), (
        "record one: python -m tests.admin.examples"
    )
    if operation.get("requestBody", {}).get("required"):
        assert all(content.get("examples") for content in operation["requestBody"]["content"].values())
    assert [fault for schema, value in shown for fault in faults(schema, value)] == []
    given = [(each["schema"], each["example"]) for each in operation.get("parameters", ()) if "example" in each]
    assert [fault for schema, value in given for fault in faults(schema, value)] == []


def test_no_recipe_is_for_an_operation_that_is_gone():
    assert [recipe.operation for recipe in RECIPES if recipe.operation not in OPERATIONS] == []


def test_every_answer_that_is_documented_is_described():
    assert [
        name for name, each in OPERATIONS.items() if not all(answer.get("description") for answer in each["responses"].values())
    ] == []


def test_parameters_and_fields_that_are_required_to_know_are_described():
    """Those of paths and queries: a name alone says little."""
    bare = {
        f"{name} {each['name']}"
        for name, operation in OPERATIONS.items()
        for each in operation.get("parameters", ())
        if not each.get("description")
        and each["name"] not in ("limit", "via", "family", "range", "state", "by", "site", "service")
    }
    assert bare == set()
