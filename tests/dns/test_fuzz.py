"""Fuzzing with bounds: what `make test` has time for, and all of it under the marker `long`."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from tests.fuzz import fuzz_dns


def run(count: int, seed: int) -> None:
    for message in fuzz_dns.messages(count, seed):
        fuzz_dns.one_input(message)


def forget_answers() -> None:
    """What is kept goes up and down like a saw: up to its bound, and then all is forgotten. It would hide what stays."""
    for responder in (fuzz_dns.responder(), fuzz_dns.limited()):
        for kept in (responder.serving.kept, responder.serving.cookied):
            assert len(kept) <= fuzz_dns.KEPT_MAX
            kept.clear()
    gc.collect()


def memory_grown_by(count: int, seed: int) -> int:
    forget_answers()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run(count, seed)
        forget_answers()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def actions_counted() -> set[str]:
    return {key[1] for key in fuzz_dns.limited().counters if key[0] == "gslb_dns_rate_limited_total"}


def cookies_counted() -> set[str]:
    return {key[1] for key in fuzz_dns.responder().counters if key[0] == "gslb_dns_cookies_total"}


def answers_counted() -> set[str]:
    return {key[3] for key in fuzz_dns.responder().counters if key[0] == "gslb_dns_answers_total"}


def test_the_kept_corpus() -> None:
    for message in fuzz_dns.seeds():
        fuzz_dns.one_input(message)


@pytest.mark.timeout(180)
def test_a_hundred_thousand_messages() -> None:
    """With three answers each: over UDP, over TCP, and from who limits."""
    run(100_000, 1)
    assert answers_counted() == {"NOERROR", "FORMERR", "NXDOMAIN", "NOTIMP", "REFUSED", "BADVERS", "BADCOOKIE"}
    assert actions_counted() == {"dropped", "slipped", "badcookie"}
    assert cookies_counted() == {"client", "good", "bad", "old", "malformed"}


@pytest.mark.timeout(180)
def test_memory_stays_flat() -> None:
    run(5_000, 2)  # fills what is bounded
    assert memory_grown_by(5_000, 3) < 1_000_000


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_million_messages() -> None:
    run(100_000, 4)
    assert memory_grown_by(100_000, 5) < 1_000_000
    run(800_000, 6)
