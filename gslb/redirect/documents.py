"""Answers about a file instead of a redirect to it: a Metalink, or a line of `sha256sum`.

They are asked for by what stands behind the path (`PATH.meta4`, `PATH.metalink`, `PATH.sha256`, `PATH.sha1`), a Metalink by
`Accept` too. A mirror may have a file of such a name: one that a manifest lists is redirected to, as every other file is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import quote

from gslb.model import ManifestFile, World
from gslb.redirect.accept import asks_for, read_accept
from gslb.redirect.known import Known, is_listed, known_of
from gslb.redirect.links import META4
from gslb.redirect.location import Target, plain_path
from gslb.redirect.metalink import File, Source, write_metalink3, write_metalink4
from gslb.redirect.pages import decision_field, write_decision
from gslb.redirect.refusal import Refusal
from gslb.redirect.reply import TEXT, Reply, write_head
from gslb.redirect.visit import Visit

META3: Final = "application/metalink+xml"
_QUOTABLE: Final = re.compile(r"[ !#$&-~]{1,500}")  # a name that is the same between quotation marks
_LONGEST_NAME: Final = 1000  # octets of a name in a header
_UNTOLD: Final = "The hash of this file is not known here."


class Form(StrEnum):
    META4 = "meta4"
    META3 = "metalink"
    SHA256 = "sha256"
    SHA1 = "sha1"


_TYPES: Final[Mapping[Form, str]] = {Form.META4: META4, Form.META3: META3, Form.SHA256: TEXT, Form.SHA1: TEXT}
_ENDINGS: Final = tuple((f".{form}".encode(), form) for form in Form)
_ALL_ENDINGS: Final = tuple(ending for ending, _ in _ENDINGS)


class Asked(NamedTuple):
    """A document about the file at `target`. `negotiated`: by `Accept`, so the same target has other answers too."""

    form: Form
    target: Target
    negotiated: bool = False


def asked(world: World, service: str, target: Target, fields: Mapping[bytes, bytes]) -> Asked | None:
    """None for a redirect. Raises Refusal for the hash of a file that nobody has."""
    if target.mirrorlist:
        return None
    if target.path.endswith(_ALL_ENDINGS):
        ending, form = next(each for each in _ENDINGS if target.path.endswith(each[0]))
        return _by_ending(world, service, target, ending, form)
    accept = fields.get(b"accept", b"")
    if b"metalink" not in accept or name_of(target.path) is None:
        return None
    ranges = read_accept(accept)
    wanted = next((form for form in (Form.META4, Form.META3) if asks_for(ranges, _TYPES[form])), None)
    return None if wanted is None else Asked(wanted, target, True)


def _by_ending(world: World, service: str, target: Target, ending: bytes, form: Form) -> Asked | None:
    path = target.path[: -len(ending)]
    if name_of(path) is None or is_listed(world, service, plain_path(target.path)):
        return None
    if form in (Form.SHA256, Form.SHA1):
        listed = is_listed(world, service, plain_path(path))
        if listed is None:
            return None  # nobody knows any hash here: the mirrors may have a file of this name
        if not listed:
            raise Refusal(404, _UNTOLD)
    return Asked(form, target._replace(path=path, suffix=path + target.suffix[len(target.path) :]))


def name_of(path: bytes) -> str | None:
    """What a file is to be called on somebody's disk: the last segment, decoded where that is harmless. None for none."""
    segment = path.rpartition(b"/")[2]
    name = plain_path(segment)
    if not name.isprintable() or "/" in name or "\ufffd" in name:
        name = segment.decode("ascii")
    return None if name in ("", ".", "..") else name.replace("\\", "%5C")


def write_document(visit: Visit, asked: Asked) -> Reply:
    """Raises Refusal where the hash is not known, or a redirect would be too long."""
    serving, decision = visit.serving, visit.decide()
    limits = serving.world.configuration.limits
    if not decision.choices:
        page = write_decision(decision, visit.service, visit.view, serving.pages, limits)
        return Reply(503, page.stale if visit.stale else page.fresh, page.body)
    sites = [visit.site(choice) for choice in decision.choices]
    known = known_of(serving, visit.service, visit.view, visit.wish, tuple(site.id for site in sites))
    name = name_of(visit.target.path) or ""
    body = _write(visit, asked.form, name, known)
    fields = (
        ("Content-Type", _TYPES[asked.form]),
        *_disposition(asked.form, name),
        ("Cache-Control", "private, no-store"),
        *((("Vary", "Accept"),) if asked.negotiated else ()),
        ("X-Content-Type-Options", "nosniff"),
        ("GSLB-Decision", decision_field(sites[0].id, decision.why, decision.world, visit.stale)),
    )
    return Reply(200, write_head(200, fields, len(body)), body)


def _disposition(form: Form, name: str) -> tuple[tuple[str, str], ...]:
    """So that a Metalink that came in place of a file does not take the file's name on disk."""
    if form in (Form.SHA256, Form.SHA1):
        return ()
    if _QUOTABLE.fullmatch(name):
        return (("Content-Disposition", f'attachment; filename="{name}.{form}"'),)
    plain, encoded = f'filename="metalink.{form}"', quote(f"{name}.{form}", safe="")
    exact = f"; filename*=UTF-8''{encoded}" if len(encoded) <= _LONGEST_NAME else ""  # RFC 6266 section 4.3, RFC 8187
    return (("Content-Disposition", f"attachment; {plain}{exact}"),)


def _write(visit: Visit, form: Form, name: str, known: Known) -> bytes:
    if form in (Form.SHA256, Form.SHA1):
        return _line(form, name, known.file or ManifestFile())
    most = visit.serving.world.configuration.limits.metalink_sites
    sources = [Source(visit.url(site), site.country) for site in map(visit.serving.pages.sites.__getitem__, known.sites[:most])]
    file = File(name, _origin(visit, form), sources, known.file)
    return write_metalink4(file) if form is Form.META4 else write_metalink3(file)


def _line(form: Form, name: str, file: ManifestFile) -> bytes:
    value = file.sha256 if form is Form.SHA256 else file.sha1
    if value is None:
        raise Refusal(404, _UNTOLD)
    return f"{value}  {name}\n".encode()


def _origin(visit: Visit, form: Form) -> str | None:
    own = visit.serving.pages.own[visit.service, visit.view.tls]
    target = visit.target
    query = target.suffix[len(target.path) :]
    return f"{own}{target.path.decode('ascii')}.{form}{query.decode('ascii')}" if own else None
