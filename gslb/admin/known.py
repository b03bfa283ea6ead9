"""Whose a token is: of the configuration, or made through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from gslb.admin import credentials
from gslb.admin.node import Node
from gslb.admin.principal import Role
from gslb.model import User
from gslb.model.token import Token


class Known:
    """Of the configuration that runs and the tokens of now: what is taken out of them ends with it."""

    def __init__(self, node: Node, utc_now: Callable[[], datetime]) -> None:
        self._node, self._utc_now = node, utc_now

    def user_of(self, token_sha256: str) -> User | None:
        """The user with this token, unless it has ended."""
        user = credentials.user_of(self._node.configuration.users, token_sha256)
        if user is not None:
            return user if user.expires is None or self._utc_now() < user.expires else None
        token = self._node.tokens.find(token_sha256)
        return None if token is None else user_of_token(token)

    def used(self, token_sha256: str) -> None:
        token = self._node.tokens.find(token_sha256)
        if token is not None:
            self._node.tokens.used(token)


def user_of_token(token: Token) -> User:
    return User(token.name, cast(Role, token.role), token.sha256, token.sites, token.expires)
