"""Kinds of clients by their User-Agent, and what is counted of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model.clients import CANNOT_FOLLOW
from gslb.model.counting import Counters
from gslb.redirect.agents import AGENT_OCTETS, AGENTS_KEPT, KINDS, OUTCOMES, PREFIXES, Clients, classify
from tests.redirect import doors
from tests.redirect.doors import HOST

AGENTS = {
    b"iPXE/1.21.1+ (g4bd0)": "ipxe",
    b"GRUB 2.06": "grub",
    b"UefiHttpBoot/1.0": "uefi",
    b"rpiboot": "rpi",
    b"Wget": "busybox",
    b"Wget/1.21.3": "wget",
    b"wget2/1.99.1": "wget2",
    b"Wget2/2.1.0": "wget2",
    b"curl/7.88.1": "curl",
    b"Debian APT-HTTP/1.3 (2.6.1)": "apt",
    b"aria2/1.36.0": "aria2",
    b"Mozilla/5.0 (X11; Linux x86_64)": "browser",
    b"": "other",
    b"Python-urllib/3.11": "other",
    b"x curl/7": "other",
}


@pytest.mark.parametrize("agent", AGENTS, ids=[agent.decode() or "nothing" for agent in AGENTS])
def test_a_client_is_known_by_the_beginning_of_its_name(agent):
    assert classify(agent) == AGENTS[agent]


@given(st.binary(max_size=200) | st.sampled_from([prefix for prefix, _ in PREFIXES]).map(lambda prefix: prefix + b"\xff" * 90))
def test_whatever_a_client_calls_itself_it_is_of_one_kind(agent):
    assert classify(agent) in KINDS
    assert classify(agent.upper()) == classify(agent.lower()) == classify(agent)


def test_firmware_cannot_follow_and_is_among_the_kinds():
    assert set(KINDS) > CANNOT_FOLLOW


@given(st.lists(st.tuples(st.binary(max_size=80), st.sampled_from((0, 1, 200, 302, 400, 405, 431, 500, 503, 505))), max_size=50))
def test_no_agent_and_no_status_makes_a_label_of_its_own(asked):
    counted: Counters = {}
    clients = Clients(counted)
    for agent, status in asked:
        clients.answered("", agent, status)
    assert {key[2] for key in counted} <= set(KINDS)
    assert {key[3] for key in counted} <= set(OUTCOMES)
    assert sum(counted.values()) == len(asked)


def test_agents_without_end_take_no_memory_without_end():
    counted: Counters = {}
    clients = Clients(counted)
    for number in range(3 * AGENTS_KEPT):
        clients.answered("", b"agent %d" % number, 302)
        clients.answered("", b"x" * AGENT_OCTETS + b"%d" % number, 302)
    assert len(clients._keys) <= AGENTS_KEPT
    assert counted == {("gslb_http_clients_total", "", "other", "redirected"): 6 * AGENTS_KEPT}


def counts(door: doors.Door, metric: str) -> dict[tuple[str, ...], int]:
    return {key[1:]: count for key, count in door.counters.items() if key[0] == metric}


@pytest.mark.anyio
async def test_each_request_is_counted_by_kind_and_outcome():
    async with doors.opened() as door:
        for agent, path in (("Wget", "/a"), ("Wget", "/b"), ("curl/8", "/a?mirrorlist"), ("aria2/1", "/a")):
            await door.get(path, f"User-Agent: {agent}")
        await door.get("/a", "User-Agent: curl/8", host="nobody.example")
        await door.get("/a", method="PUT")
        refused = await door.exchange(b"GET /a HTTP/1.1\r\nHost : smuggled\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert counts(door, "gslb_http_clients_total") == {
        (HOST, "busybox", "redirected"): 2,
        (HOST, "curl", "document"): 1,
        (HOST, "aria2", "redirected"): 1,
        ("", "curl", "refused"): 1,
        ("", "other", "refused"): 2,
    }


@pytest.mark.anyio
async def test_who_wants_another_site_than_the_first_tells_which_did_not_do():
    async with doors.opened() as door:
        first = (await door.get("/a")).site
        await door.get("/@2/a", "User-Agent: iPXE/1.21")
        await door.get("/@3/a", "User-Agent: iPXE/1.21")
        await door.get(f"/a?avoid={first}&avoid=nobody", "User-Agent: Wget")
        await door.get("/@1/a", "User-Agent: Wget")
    assert counts(door, "gslb_http_second_choices_total") == {(HOST, first, "retry"): 2, (HOST, first, "avoid"): 1}
    assert counts(door, "gslb_http_second_choice_clients_total") == {("ipxe", "retry"): 2, ("busybox", "avoid"): 1}
