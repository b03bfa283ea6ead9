"""The file of `cookies.secrets_file`: one or two secrets in hexadecimal, a line each, for all nodes that a client may meet."""

from __future__ import annotations

import os
import re
import stat
from typing import Final

from gslb.dns.cookies import SECRET_OCTETS
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration

KEY: Final = "cookies.secrets_file"
MOST_SECRETS: Final = 2
LARGEST: Final = 16 * 1024
_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH
_HEX: Final = re.compile(rf"[0-9A-Fa-f]{{{2 * SECRET_OCTETS}}}")
_MAKE: Final = f"`openssl rand -hex {SECRET_OCTETS}` makes one"


def read_cookie_secrets(configuration: Configuration) -> tuple[bytes, ...]:
    """None at all without such a file. Raises ConfigurationError with every fault of it."""
    path = configuration.cookies.secrets_file
    if path is None:
        return ()
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _refused(path, 1, f"the secrets can't be read: {reason}; {_MAKE}") from None
    if mode & _OTHERS:
        raise _refused(path, 1, "everybody on this machine can read or change the secrets; chmod 600, or 640 for a group")
    if len(data) > LARGEST:
        raise _refused(path, 1, f"is over {LARGEST} octets; write one or two secrets, a line each")
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
