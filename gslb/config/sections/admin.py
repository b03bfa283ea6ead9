"""`admin`: who may see and do what."""

from __future__ import annotations

from typing import Literal, cast

from gslb.config.kinds import END, SHA256, TEXT, WORD
from gslb.config.schema import Table, choice, defaulted, list_of, optional, plain, required, section
from gslb.config.sections.oidc import OIDC_
from gslb.model import User

NAME = required("name", TEXT, "Who; it stands in the events.")
ROLE = required("role", choice("viewer", "owner", "operator"), "An owner drains and enables `sites` of theirs alone.")
TOKEN_SHA256 = required("token_sha256", SHA256, "The SHA-256 of their token: `printf %s TOKEN | sha256sum`.")
SITES = defaulted("sites", list_of(WORD), (), "The sites of an owner.", "none")
EXPIRES = optional("expires", END, "The last day of the token (UTC), or a time with its offset.", "never")
USER = section(NAME, ROLE, TOKEN_SHA256, SITES, EXPIRES)

USERS = defaulted("users", list_of(USER), (), "Who has a token.", "nobody: read from loopback alone")
ADMIN = section(USERS, OIDC_)


def build(table: Table) -> tuple[User, ...]:
    return tuple(_user(user) for user in plain(table[USERS]))


def _user(table: Table) -> User:
    role = cast(Literal["viewer", "owner", "operator"], table[ROLE])
    return User(table[NAME], role, table[TOKEN_SHA256], plain(table[SITES]), table[EXPIRES])
