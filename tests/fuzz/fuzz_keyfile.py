"""A key file of any octets: refused with a line and a sentence, or it is a key that signs, and is written as it was read."""

from __future__ import annotations

import sys
from collections.abc import Callable

from gslb.dns.signing.keyfile import LARGEST, BadKeyFile, private_text, public_text, read_private, read_public
from gslb.dns.signing.keys import Key


def one_input(data: bytes) -> None:
    lines = data.count(b"\n") + 1
    for read in (_private, _public):
        refused = _refusal(read, data)
        if refused is not None:
            assert 1 <= refused.line <= lines
            assert refused.key
            assert refused.message.isprintable()
        assert refused is not None or len(data) <= LARGEST


def _refusal(read: Callable[[bytes], None], data: bytes) -> BadKeyFile | None:
    try:
        read(data)
    except BadKeyFile as error:
        return error
    return None


def _private(data: bytes) -> None:
    found = read_private(data)
    try:
        secret = found.algorithm.load(found.secret)
    except ValueError:
        return
    key = Key("example.org", 257, found.algorithm, secret, found.timing, "", found.extra)
    assert len(secret.sign(b"")) == 64
    again = read_private(private_text(key, found.secret).encode())
    assert (again.algorithm, again.secret, again.extra) == (found.algorithm, found.secret, found.extra)
    assert again.timing == found.timing
    public = read_public(public_text(key).encode())
    assert (public.zone, public.flags, public.public) == (key.zone, key.flags, secret.public)


def _public(data: bytes) -> None:
    found = read_public(data)
    assert len(found.public) == found.algorithm.public_octets
    assert found.flags in (256, 257)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
