"""The file of `admin.oidc.client_secret_file`: the secret alone, on one line."""

from __future__ import annotations

from typing import Final

from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration
from gslb.runtime.secretfile import Unusable, read_secret_file

LARGEST: Final = 4096
_KEY: Final = "admin.oidc.client_secret_file"
_CONTENT: Final = "the secret alone, as the identity provider shows it"


def read_oidc_secret(configuration: Configuration) -> str | None:
    """None without one. Raises ConfigurationError with the fault of the file."""
    path = None if configuration.oidc is None else configuration.oidc.client_secret_file
    if path is None:
        return None
    remedy = "the identity provider shows the secret of a client"
    try:
        data = read_secret_file(path, LARGEST, what="the secret", remedy=remedy, content=_CONTENT)
        return parse_secret(data)
    except Unusable as error:
        raise ConfigurationError([Fault(path, 1, _KEY, str(error))]) from None


def parse_secret(data: bytes) -> str:
    """One line of visible ASCII (RFC 6749 appendix A.2). Raises Unusable."""
    text = data.decode("latin-1").strip("\r\n\t ")
    if not text:
        raise Unusable(f"is empty; write {_CONTENT}")
    if not all(" " <= each <= "~" for each in text):
        raise Unusable(f"is not one line of ASCII; write {_CONTENT}")
    return text
