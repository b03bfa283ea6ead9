"""The second choice of a redirect: fields that say who else has the same bytes, and what their hash is."""

from __future__ import annotations

from collections.abc import Mapping

from gslb.model import View
from gslb.redirect.known import known_of
from gslb.redirect.links import digest_fields, is_wget2, suits_wget2
from gslb.redirect.location import Target
from gslb.redirect.pages import Page
from gslb.redirect.serving import Serving, Wish


def second_choice(serving: Serving, page: Page, target: Target, view: View, wish: Wish, fields: Mapping[bytes, bytes]) -> bytes:
    """Header lines, or nothing."""
    links = page.links
    careful = is_wget2(fields)
    if not wish.content:
        return b"" if links is None else links.write(target, described=not careful)
    names = page.sites if links is None else links.sites
    known = known_of(serving, page.service, view, wish, names)
    file = known.file
    described = not careful or (file is not None and suits_wget2(file, target))
    told = b"" if links is None else links.write(target, known.sites, described)
    return told if file is None else told + digest_fields(file, fields)
