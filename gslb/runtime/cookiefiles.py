"""The file of `cookies.secrets_file`: one or two secrets in hexadecimal, a line each, for all nodes that a client may meet."""

from __future__ import annotations

import re
from typing import Final

from gslb.dns.cookies import SECRET_OCTETS
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration
from gslb.runtime.secretfile import Unusable, read_secret_file

KEY: Final = "cookies.secrets_file"
MOST_SECRETS: Final = 2
LARGEST: Final = 16 * 1024
_HEX: Final = re.compile(rf"[0-9A-Fa-f]{{{2 * SECRET_OCTETS}}}")
_MAKE: Final = f"`openssl rand -hex {SECRET_OCTETS}` makes one"


def read_cookie_secrets(configuration: Configuration) -> tuple[bytes, ...]:
    """None at all without such a file. Raises ConfigurationError with every fault of it."""
    path = configuration.cookies.secrets_file
    if path is None:
        return ()
    try:
        data = read_secret_file(path, LARGEST, what="the secrets", remedy=_MAKE, content="one or two secrets, a line each")
    except Unusable as error:
        raise _refused(path, 1, str(error)) from None
    return parse_secrets(data.decode("ascii", "replace"), path)


def parse_secrets(text: str, path: str) -> tuple[bytes, ...]:
    """The secrets in their order. A `#` starts a comment. Raises ConfigurationError."""
    found: dict[bytes, int] = {}
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), 1):
        word = line.partition("#")[0].strip()
        if word:
            why = _wrong(word, found)
            if why is None:
                found[bytes.fromhex(word)] = number
            else:
                faults.append(Fault(path, number, KEY, why))
    if not found and not faults:
        faults.append(Fault(path, 1, KEY, f"has no secret; {_MAKE}"))
    if faults:
        raise ConfigurationError(faults)
    return tuple(found)


def _wrong(word: str, found: dict[bytes, int]) -> str | None:
    """What is wrong with a line, and never what is in it: faults are shown to many."""
    if not _HEX.fullmatch(word):
        return f"{len(word)} characters, and a secret is {2 * SECRET_OCTETS} hexadecimal digits; {_MAKE}"
    secret = bytes.fromhex(word)
    if len(set(secret)) == 1:
        return f"the same octet all along is guessed; {_MAKE}"
    if secret in found:
        return f"is the secret of line {found[secret]} again; a second one is the former, or the next"
    if len(found) == MOST_SECRETS:
        return "a third secret; the first makes cookies, the second is believed too, and no more are needed"
    return None


def _refused(path: str, line: int, message: str) -> ConfigurationError:
    return ConfigurationError([Fault(path, line, KEY, message)])
