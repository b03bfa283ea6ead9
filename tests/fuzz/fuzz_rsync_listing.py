"""Fuzz the reader of rsync's listings, which come from mirrors.

    python -m tests.fuzz.fuzz_rsync_listing SCRATCH tests/fuzz/corpus/rsync_listing -runs=100000

Any octets, in whatever pieces they come, are sizes of wanted files or a ListingError of one line.
"""

from __future__ import annotations

import sys

from probes.content.listing import Listing, ListingError

WANTED = frozenset({"kernel", "a b", "sub/ü", "back\\slash"})


def one_input(data: bytes) -> None:
    whole, piecemeal = outcome([data]), outcome([data[at : at + 1] for at in range(len(data))])
    assert whole == piecemeal, (whole, piecemeal)
    if isinstance(whole, str):
        assert whole.isprintable(), whole
        assert len(whole) < 400, whole
        return
    assert whole.keys() <= WANTED
    assert all(0 <= size < 10**18 for size in whole.values())


def outcome(pieces: list[bytes]) -> dict[str, int] | str:
    reader = Listing(WANTED)
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.end()
    except ListingError as error:
        return str(error)
    return reader.sizes


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
