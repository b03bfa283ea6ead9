"""The configuration reference is made from the keys, and is up to date."""

import re
from dataclasses import fields
from pathlib import Path

from gslb.config.reference import reference
from gslb.model import Limits

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text() == reference(), "run: python -m gslb.config.reference > docs/configuration.md"


def test_every_limit_of_the_model_is_a_key():
    for field in fields(Limits):
        assert f"`limits.{field.name.removesuffix('_s')}`" in reference()


def test_every_key_is_explained():
    rows = [line for line in reference().splitlines() if re.match(r"\| `", line)]
    assert len(rows) > 90
    assert all(len(re.split(r"(?<!\\)\|", row)) == 6 and row.split("|")[-2].strip() for row in rows)
