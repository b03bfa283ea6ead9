"""BEHAVIOUR, HTTP 1 to 6, 9, 11 and 13: what a client sees of a redirect."""

from __future__ import annotations

import pytest

from tests.redirect.doors import opened

pytestmark = pytest.mark.anyio


async def test_a_get_is_sent_to_a_site_with_302_and_its_path() -> None:
    async with opened() as door:
        answer = await door.get("/archives/linux/kernel?x=1")
    assert answer.status == 302
    assert answer.site.startswith("jp-")
    assert answer.location == f"http://{answer.site}.example/archives/linux/kernel?x=1"
    assert answer.fields["GSLB-Decision"] == f'"{answer.site}";why=nearest;world=1'


async def test_every_field_of_a_redirect_is_there_and_none_is_empty() -> None:
    async with opened() as door:
        answer = await door.get("/")
    assert list(answer.fields) == ["Location", "Content-Length", "Cache-Control", "GSLB-Decision", "Date"]
    assert answer.fields["Content-Length"] == "0"
    assert answer.fields["Cache-Control"] == "private, no-store"
    assert answer.fields["Date"].endswith(" GMT")
    assert all(answer.fields.values())
    assert all(word[0].isupper() for name in answer.fields for word in name.split("-"))
