"""BEHAVIOUR, HTTP 1 to 6, 9, 11 and 13: what a client sees of a redirect."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from gslb.model import ContentSet, Door, Request, View, World
from gslb.redirect.peers import read_address
from gslb.steering import decide, locate
from tests.redirect.doors import HOST, listening, lookup, opened, request, serving
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


async def test_a_get_is_sent_to_a_site_with_302_and_its_path() -> None:
    async with opened() as door:
        answer = await door.get("/archives/linux/kernel?x=1")
    assert answer.status == 302
    assert answer.site.startswith("jp-")
    assert answer.location == f"http://{answer.site}.example/archives/linux/kernel?x=1"


async def test_every_field_of_a_redirect_is_there_and_none_is_empty() -> None:
    async with opened() as door:
        answer = await door.get("/")
    assert list(answer.fields) == ["Location", "Content-Length", "Cache-Control", "GSLB-Decision", "Link", "Date"]
    assert answer.fields["Content-Length"] == "0"
    assert answer.fields["Cache-Control"] == "private, no-store"
    assert answer.fields["Date"].endswith(" GMT")
    assert all(answer.fields.values())
    assert all(word[0].isupper() for name in answer.fields for word in name.split("-"))


async def test_what_was_decided_is_told() -> None:
    async with opened(serving(worlds.world(number=412))) as door:
        answer = await door.get("/")
        door.redirector.stale = True
        stale = await door.get("/")
    assert answer.fields["GSLB-Decision"] == f'"{answer.site}";why=nearest;world=412'
    assert stale.fields["GSLB-Decision"] == f'"{answer.site}";why=nearest;world=412;stale'


async def test_a_new_world_answers_from_the_next_request_on_and_is_fresh() -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/"))
        before = await talk.answer()
        door.redirector.stale = True
        door.redirector.swap(serving(worlds.down(worlds.world(number=2), before.site)))
        await talk.send(request("/"))
        after = await talk.answer()
    assert after.site != before.site
    assert after.fields["GSLB-Decision"].endswith(";world=2")


async def test_head_is_answered_as_get_without_a_body() -> None:
    async with opened() as door:
        get = await door.get("/x")
        head = await door.get("/x", method="HEAD")
        nobody = serving(closed_world())
        door.redirector.swap(nobody)
        rest = await door.exchange(request("/x", "Connection: close", method="HEAD"))
    assert (get.status, get.location, get.fields.keys()) == (head.status, head.location, head.fields.keys())
    assert rest.startswith(b"HTTP/1.1 503 ")
    assert rest.endswith(b"\r\n\r\n")


def closed_world() -> World:
    world = worlds.world(worlds.with_service(when_all_down="closed"))
    return worlds.down(world, *worlds.CITIES)


async def test_nothing_eligible_is_503_with_retry_after_and_a_reason() -> None:
    async with opened(serving(closed_world())) as door:
        answer = await door.get("/x")
    assert answer.status == 503
    assert answer.fields["Retry-After"] == "15"
    assert answer.fields["GSLB-Decision"] == '"";why=all-down;world=1'
    assert answer.body == b"No mirror is up. Please try again in a while.\n"
    assert "Location" not in answer.fields
    assert all(answer.fields.values())


async def test_all_down_and_open_still_redirects_and_says_why() -> None:
    async with opened(serving(worlds.down(worlds.world(), *worlds.CITIES))) as door:
        answer = await door.get("/x")
    assert (answer.status, ";why=fail-open;" in answer.fields["GSLB-Decision"]) == (302, True)


async def test_the_second_best_site_can_be_asked_for_by_path() -> None:
    async with opened() as door:
        orders = [await door.get(f"/@{nth}/a/b?q=@2") for nth in range(1, 15)]
    expected = decided("127.0.0.1")
    assert [answer.site for answer in orders] == [*expected, expected[-1]]
    assert orders[1].location == f"http://{expected[1]}.example/a/b?q=@2"


def decided(address: str, **changes: object) -> list[str]:
    """The sites in the order that `decide` has for a client of http."""
    found = ip_address(address)
    client = locate(lookup, found.version, int(found), found.max_prefixlen)
    decision = decide(worlds.world(), client, replace(Request(HOST, View.HTTP4), **changes))  # type: ignore[arg-type]
    return [choice.site for choice in decision.choices]


async def test_a_site_can_be_avoided_and_the_parameter_goes_no_further() -> None:
    first, second, third, *_ = decided("127.0.0.1")
    async with opened() as door:
        one = await door.get(f"/a?x=1&avoid={first}&y=2")
        two = await door.get(f"/a?avoid={first}&avoid={second}")
        unknown = await door.get("/a?avoid=nobody&avoid=%00")
    assert one.location == f"http://{second}.example/a?x=1&y=2"
    assert two.location == f"http://{third}.example/a"
    assert unknown.location == f"http://{first}.example/a"


async def test_a_path_in_a_release_set_goes_to_a_site_that_has_it() -> None:
    sites = tuple(
        replace(site, content=("knoppix",)) if site.id == "eu-london" else replace(site, content=()) for site in worlds.SITES
    )
    service = replace(worlds.SERVICE, content=(ContentSet("knoppix", "/archives/knoppix/"),))
    async with opened(serving(worlds.world(worlds.configuration(sites, service)))) as door:
        inside = [
            await door.get("/archives/knoppix/map"),
            await door.get("/archives/%6bnoppix/map?a"),
            await door.get("/@1/archives/knoppix/"),
        ]
        outside = await door.get("/archives/other")
    assert {answer.site for answer in inside} == {"eu-london"}
    assert inside[1].location == "http://eu-london.example/archives/%6bnoppix/map?a"
    assert outside.site.startswith("jp-")


async def test_a_set_that_every_site_carries_is_answered_by_the_table() -> None:
    service = replace(worlds.SERVICE, content=(ContentSet("knoppix", "/archives/"),))
    async with opened(serving(worlds.world(worlds.configuration(service=service)))) as door:
        answer = await door.get("/archives/map")
    assert answer.site == decided("127.0.0.1")[0]
    assert not [key for key in door.counters if key[0] == "gslb_http_decided_total"]


async def test_host_is_compared_without_port_case_and_final_dot() -> None:
    source = serving(worlds.world(worlds.with_service(http_hosts=("go.inetboot.net",))))
    names = (HOST, f"{HOST}:8080", f"{HOST}.", HOST.upper(), "Go.InetBoot.net.:80", f"{HOST}:")
    async with opened(source) as door:
        answers = [await door.get("/x", host=name) for name in names]
    assert [answer.status for answer in answers] == [302] * len(names)


async def test_a_location_is_never_built_from_host() -> None:
    async with opened() as door:
        answer = await door.get("/x", "X-Forwarded-Host: evil.example", host=f"{HOST}:1234")
    assert answer.location == f"http://{answer.site}.example/x"


async def test_a_service_that_is_not_steered_over_http_is_unknown_here() -> None:
    async with opened(serving(worlds.world(worlds.with_service(via=frozenset({Door.DNS}))))) as door:
        assert (await door.get("/")).status == 404


async def test_http_1_0_without_host_gets_the_only_service() -> None:
    async with opened() as door:
        answer = await door.exchange(request("/a", host=None, version="1.0"))
    assert answer.startswith(b"HTTP/1.1 302 Found\r\n")
    assert answer.endswith(b"\r\nConnection: close\r\n\r\n")


async def test_http_1_0_without_host_is_404_where_there_are_two_services() -> None:
    settings = worlds.configuration()
    settings = replace(settings, services=(*settings.services, replace(worlds.SERVICE, host="plan9.inetboot.net")))
    async with opened(serving(worlds.world(settings))) as door:
        answer = await door.exchange(request("/a", host=None, version="1.0"))
    assert answer.startswith(b"HTTP/1.1 404 ")


async def test_an_absolute_target_names_the_host(  # RFC 9112 section 3.2.2
) -> None:
    async with opened() as door:
        answer = await door.get(f"http://{HOST}:80/a?b", host="other.example")
        bare = await door.get(f"HTTP://{HOST}?b", host=HOST)
        unknown = await door.get("http://other.example/", host=HOST)
    assert answer.location.endswith(".example/a?b")
    assert bare.location.endswith(".example/?b")
    assert unknown.status == 404


async def test_a_class_that_the_table_does_not_know_is_decided_and_reported_once() -> None:
    async with opened(serving(known=())) as door:
        answers = [await door.get("/x") for _ in range(3)]
    assert {answer.site for answer in answers} == {decided("127.0.0.1")[0]}
    assert len(door.classes) == 1
    assert door.classes[0][0] == HOST
    assert door.counters["gslb_http_decided_total", HOST, "class"] == 3


async def test_samples_tell_the_network_and_no_more_and_come_at_a_bounded_rate() -> None:
    now = [100.0]
    async with opened(clock=lambda: now[0]) as door:
        for at in (100.0, 100.05, 100.2):
            now[0] = at
            await door.get("/secret")
    assert [sample.client for sample in door.samples] == ["127.0.0.0/16"] * 2
    assert door.samples[0].sites == (decided("127.0.0.1")[0],)
    assert "secret" not in repr(door.samples)


async def test_answers_are_counted() -> None:
    async with opened() as door:
        await door.get("/")
        await door.get("/", host="other.example")
    site = decided("127.0.0.1")[0]
    assert door.counters["gslb_http_responses_total", "302"] == 1
    assert door.counters["gslb_http_responses_total", "404"] == 1
    assert door.counters["gslb_http_steered_total", HOST, site, "nearest"] == 1


async def test_the_door_says_what_decide_says_wherever_the_client_is() -> None:
    addresses = ["133.11.4.5", "18.1.2.3", "141.20.9.9", "203.0.113.7", "2001:200::7", "2002:8d14:101::1"]
    source = serving(worlds.world(listening(None, "127.0.0.0/8")), known=("133.11.4.5", "203.0.113.7"))
    async with opened(source) as door:
        for address in addresses:
            answer = await door.get("/x", f"X-Forwarded-For: {address}")
            client = read_address(address)
            assert client is not None
            view = View.HTTP4 if client.family == 4 else View.HTTP6
            assert answer.site == decided(address, view=view)[0], address
