"""Any octets on a connection: whole responses or the end of it; never an exception, never a hang, no memory kept."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.fuzz_http import CORPUS, check, mutations, one_input
from tests.redirect.doors import Door, listening, opened, serving
from tests.steering import world as worlds

STATM = Path("/proc/self/statm")


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path: Path) -> None:
    octets = path.read_bytes()
    for how in (0, 1, 4, 0x80, 0x81):
        one_input(bytes((how,)) + octets[1:])


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    one_input(octets)


def test_ten_thousand_random_and_mutated_connections() -> None:
    for octets in mutations(1, 10_000):
        one_input(octets)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
def test_a_hundred_thousand_and_the_memory_stays_flat() -> None:
    for octets in mutations(2, 20_000):
        one_input(octets)
    before = resident()
    for octets in mutations(3, 100_000):
        one_input(octets)
    assert resident() - before < 8 << 20


def resident() -> int:
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.anyio
async def test_on_a_real_socket_too_each_one_ends() -> None:
    source = serving(worlds.world(listening(None, "10.0.0.0/8")))
    async with opened(source) as door:
        many = list(mutations(4, 300))
        for at in range(0, len(many), 30):
            await asyncio.gather(*(exchange(door, octets[1:]) for octets in many[at : at + 30]))


async def exchange(door: Door, octets: bytes) -> None:
    async with await door.connect() as talk:
        await talk.send(octets)
        if talk.writer.can_write_eof():
            talk.writer.write_eof()
        check(await talk.rest())
