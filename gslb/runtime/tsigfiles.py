"""The files of `tsig_keys`: a secret in base64, or what `tsig-keygen` (BIND) and `keymgr -t` (Knot) print."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from gslb.dns.keyring import TsigSecret
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration, TsigKey
from gslb.runtime.secretfile import Unusable, read_secret_file

LEAST_OCTETS: Final = 16
LARGEST: Final = 64 * 1024

# Base64 has slashes too: two of them begin a comment where blanks are on both sides.
_COMMENT: Final = re.compile(r"/\*.*?\*/|#[^\n]*|(?<!\S)//(?!\S)[^\n]*", re.DOTALL)
_BIND: Final = re.compile(r"\s*key\s+\"?(?P<name>[^\"\s{;]+)\"?\s*\{(?P<body>[^{}]*)\}\s*;?\s*", re.DOTALL)
_KNOT: Final = re.compile(r"\s*key:\s*\n\s*-\s*(?P<body>id:.*)", re.DOTALL)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+")


class BadSecret(Exception):
    """`at` is the place in the text that it is about."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


class Word(NamedTuple):
    text: str
    at: int


def read_tsig_secrets(configuration: Configuration) -> dict[str, TsigSecret]:
    """By name. Raises ConfigurationError with the fault of each file."""
    found: dict[str, TsigSecret] = {}
    faults: list[Fault] = []
    for number, key in enumerate(configuration.tsig_keys):
        text = ""
        try:
            text = _text(key.secret_file)
            found[key.name] = TsigSecret(key.algorithm, parse_secret(text, key))
        except BadSecret as fault:
            line = text.count("\n", 0, fault.at) + 1
            faults.append(Fault(key.secret_file, line, f"tsig_keys[{number}]", str(fault)))
    if faults:
        raise ConfigurationError(faults)
    return found


def _text(path: str) -> str:
    try:
        data = read_secret_file(path, LARGEST, what="the secret", remedy="`tsig-keygen` makes one", content="the secret alone")
    except Unusable as error:
        raise BadSecret(0, str(error)) from None
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadSecret(0, f"octet {error.start} is not ASCII; write the secret in base64") from None


def parse_secret(text: str, key: TsigKey) -> bytes:
    """The secret that a file has for this key; where the file names key and algorithm, they are the configuration's."""
    blank = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    words = _statements(blank)
    if words is None:
        words = {"secret": _plain(blank)}
    _agree(words, "name", key.name)
    _agree(words, "algorithm", key.algorithm)
    secret = words.get("secret")
    if secret is None:
        raise BadSecret(0, f"has no secret for {key.name}; `tsig-keygen -a {key.algorithm} {key.name}` makes one")
    return _decoded(secret)


def _plain(text: str) -> Word:
    if not text.strip():
        raise BadSecret(0, "is empty; write the secret in base64, or what `tsig-keygen` prints")
    strange = _BASE64.match(text)
    end = strange.end() if strange else 0
    if end < len(text):
        raise BadSecret(end, "is not base64, nor what `tsig-keygen` or `keymgr -t` print")
    return Word(text, len(text) - len(text.lstrip()))


def _statements(text: str) -> dict[str, Word] | None:
    """The words of a file of BIND or Knot; None if it is neither."""
    bind = _BIND.fullmatch(text)
    if bind is not None:
        found = _pairs(bind["body"], bind.start("body"), r"(\w+)\s+\"?([^\"\s;]+)\"?\s*;")
        return {"name": Word(bind["name"], bind.start("name")), **found}
    knot = _KNOT.fullmatch(text)
    if knot is None:
        return None
    found = _pairs(knot["body"], knot.start("body"), r"(\w+):[ \t]*\"?([^\"\s]+)\"?")
    return {"name" if word == "id" else word: value for word, value in found.items()}


def _pairs(body: str, start: int, pattern: str) -> dict[str, Word]:
    found: dict[str, Word] = {}
    for match in re.finditer(pattern, body):
        if match[1] in found:
            raise BadSecret(start + match.start(), f"{match[1]} is written twice; one key is in one file")
        found[match[1]] = Word(match[2], start + match.start())
    return found


def _agree(words: Mapping[str, Word], what: str, configured: str) -> None:
    word = words.get(what)
    if word is not None and word.text.lower().removesuffix(".") != configured:
        raise BadSecret(word.at, f"is of {what} {word.text}, and the configuration has {configured}; write the same in both")


def _decoded(word: Word) -> bytes:
    try:
        secret = base64.b64decode("".join(word.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(word.at, "the secret is not base64; copy it whole") from None
    if len(secret) < LEAST_OCTETS:
        raise BadSecret(word.at, f"a secret of {len(secret)} octets is guessed; take {LEAST_OCTETS} at least, or `tsig-keygen`")
    return secret
