"""Reports of clients: who is believed, for what, how often; and what is said to everybody else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model.counting import Counters
from gslb.redirect.boot.measured import Measured
from gslb.redirect.boot.token import VALID_S, Bearer, Judgement, judge_token, make_token
from tests.fuzz.fuzz_measured import CORPUS, one_input
from tests.redirect import doors
from tests.redirect.boot.island import NEAR_TO_FAR, world
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

SECRETS = (b"the first secret", b"and the one before")
BEARER = Bearer(worlds.HOST, "127.0.0.0/16")
NOW_S = 1_800_000_000.0
NONCE = b"12345678"
NEAR, MIDDLE, FAR = NEAR_TO_FAR


def token(secrets: tuple[bytes, ...] = SECRETS, bearer: Bearer = BEARER, utc_s: float = NOW_S) -> str:
    return make_token(secrets, bearer, utc_s, NONCE)


@pytest.mark.parametrize(
    ("made", "judged", "expected"),
    [
        (token(), NOW_S, Judgement.GOOD),
        (token(), NOW_S + VALID_S, Judgement.GOOD),
        (token(), NOW_S + VALID_S + 1, Judgement.EXPIRED),
        (token(utc_s=NOW_S + 3600), NOW_S, Judgement.EXPIRED),
        (token(secrets=SECRETS[1:]), NOW_S, Judgement.GOOD),
        (token(secrets=(b"somebody else's.",)), NOW_S, Judgement.FOREIGN),
        (token(bearer=BEARER._replace(network="127.1.0.0/16")), NOW_S, Judgement.FOREIGN),
        (token(bearer=BEARER._replace(service="other.example")), NOW_S, Judgement.FOREIGN),
        (token()[:-1], NOW_S, Judgement.MALFORMED),
        (token().upper(), NOW_S, Judgement.MALFORMED),
        ("", NOW_S, Judgement.MALFORMED),
    ],
)
def test_a_token_is_good_for_one_network_and_service_and_ten_minutes(made: str, judged: float, expected: Judgement) -> None:
    assert judge_token(made.encode(), SECRETS, BEARER, judged) is expected


@given(st.integers(0, len(token()) * 4 - 1))
def test_a_token_with_one_bit_changed_is_none(bit: int) -> None:
    octets = bytearray.fromhex(token())
    octets[bit // 8] ^= 1 << bit % 8
    assert judge_token(octets.hex().encode(), SECRETS, BEARER, NOW_S) is Judgement.FOREIGN


def test_without_secrets_nobody_is_believed() -> None:
    assert judge_token(token().encode(), (), BEARER, NOW_S) is Judgement.FOREIGN


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path: Path) -> None:
    one_input(path.read_bytes())


@given(st.binary(max_size=300))
def test_any_query_is_a_report_or_refused_with_a_sentence(query: bytes) -> None:
    one_input(query)


@given(st.lists(st.tuples(st.sampled_from([*NEAR_TO_FAR, "mars"]), st.integers(-1, 100_000)), max_size=20))
def test_any_report_with_a_good_token_is_taken_as_it_stands_or_refused(told: list[tuple[str, int]]) -> None:
    one_input(f"token=GOOD&ms={','.join(f'{site}:{ms}' for site, ms in told)}".encode())


@dataclass
class Reported:
    """What the door answered to each report, what it took, and how it counted."""

    answers: list[tuple[int, str]]
    taken: list[Measured]
    counters: Counters

    def counted(self, result: str) -> int:
        return self.counters.get(("gslb_http_measured_total", worlds.HOST, result), 0)


async def report(*queries: str, room: int = 9, method: str = "GET") -> Reported:
    taken: list[Measured] = []

    def take(measured: Measured) -> bool:
        if len(taken) < room:
            taken.append(measured)
            return True
        return False

    found = world({name: f"http://{name}.example" for name in NEAR_TO_FAR})
    async with doors.opened(doors.serving(found), on_measured=take) as door:
        door.redirector.boot.secrets = SECRETS
        answers = [await door.get(f"/~measured?{query}", method=method) for query in queries]
    return Reported([(answer.status, answer.body.decode()) for answer in answers], taken, door.counters)


def fresh(bearer: Bearer = BEARER, utc_s: float | None = None) -> str:
    return token(bearer=bearer, utc_s=time.time() if utc_s is None else utc_s)


async def test_what_is_told_with_a_good_token_is_noted() -> None:
    found = await report(f"token={fresh()}&ms={NEAR}:12,{FAR}:250")
    assert found.answers == [(200, "Noted.\n")]
    assert [(each.network, each.ms) for each in found.taken] == [("127.0.0.0/16", ((NEAR, 12), (FAR, 250)))]
    assert found.counted("accepted") == 1


async def test_a_token_counts_once() -> None:
    found = await report(*2 * [f"token={fresh()}&ms={NEAR}:12"])
    assert found.answers[1] == (409, "The token of the report has been used already.\n")
    assert (len(found.taken), found.counted("duplicate")) == (1, 1)


async def test_who_only_looks_at_the_head_reports_nothing() -> None:
    found = await report(f"token={fresh()}&ms={NEAR}:12", method="HEAD")
    assert (found.taken, found.counted("accepted")) == ([], 0)


@pytest.mark.parametrize(
    ("query", "status", "result"),
    [
        ("", 400, "malformed"),
        (f"ms={NEAR}:12", 400, "malformed"),
        ("token=GOOD", 400, "malformed"),
        ("token=GOOD&ms=", 400, "malformed"),
        (f"token=GOOD&ms={NEAR}", 400, "malformed"),
        (f"token=GOOD&ms={NEAR}:1.5", 400, "malformed"),
        (f"token=GOOD&ms={NEAR}:12&more=1", 400, "malformed"),
        (f"token=GOOD&ms={','.join(f'site-{number}:1' for number in range(17))}", 400, "malformed"),
        (f"token=00&ms={NEAR}:12", 400, "malformed"),
        (f"token=FOREIGN&ms={NEAR}:12", 403, "foreign"),
        (f"token=EXPIRED&ms={NEAR}:12", 403, "expired"),
        ("token=GOOD&ms=mars:12", 400, "unknown"),
        (f"token=GOOD&ms={NEAR}:12,{NEAR}:13", 400, "unknown"),
        (f"token=GOOD&ms={NEAR}:0", 400, "absurd"),
        (f"token=GOOD&ms={NEAR}:60001", 400, "absurd"),
    ],
)
async def test_anything_else_is_refused_with_a_sentence_and_counted(query: str, status: int, result: str) -> None:
    query = query.replace("GOOD", fresh()).replace("EXPIRED", fresh(utc_s=time.time() - 3600))
    found = await report(query.replace("FOREIGN", fresh(bearer=BEARER._replace(network="10.0.0.0/16"))))
    assert found.answers[0][0] == status
    assert found.answers[0][1].endswith(".\n")
    assert (found.taken, found.counted(result)) == ([], 1)


async def test_more_than_control_can_be_told_of_is_refused_for_now() -> None:
    queries = [
        f"token={make_token(SECRETS, BEARER, time.time(), bytes(7) + bytes((number,)))}&ms={NEAR}:12" for number in range(3)
    ]
    found = await report(*queries, room=2)
    assert [status for status, _ in found.answers] == [200, 200, 429]
    assert found.counted("busy") == 1
