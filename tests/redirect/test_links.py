"""BEHAVIOUR, HTTP 7: the second choice that a redirect tells (RFC 6249, RFC 9530)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Hold, Holding, Limits, ManifestFile, View
from gslb.redirect.links import links_to
from gslb.redirect.location import Target
from gslb.redirect.peers import read_address
from gslb.redirect.serving import NO_WISH
from tests.redirect.contents import BLOCK_NAME, KERNEL, LOOKING, OWN, manifests, of_bytes, released
from tests.redirect.doors import Answer, opened, serving
from tests.redirect.test_redirect import decided
from tests.redirect.test_tls import contexts
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

SHA256 = base64.b64encode(hashlib.sha256(KERNEL).digest()).decode()
SHA1 = base64.b64encode(hashlib.sha1(KERNEL).digest()).decode()


class Read(NamedTuple):
    url: str
    rel: str
    pri: str | None
    geo: str | None


def links(answer: Answer) -> list[Read]:
    found = []
    for line in answer.head.decode().split("\r\n"):
        if line.startswith("Link: "):
            read = re.fullmatch(r'Link: <([^<>]*)>; rel=(\w+)(?:; pri=(\d+))?(?:; geo=(\w\w))?(?:; type="[^"]*")?', line)
            assert read, line
            found.append(Read(*read.groups()))
    return found


def duplicates(answer: Answer) -> list[str]:
    return [link.url for link in links(answer) if link.rel == "duplicate"]


async def test_the_chosen_site_is_the_first_link_byte_for_byte_and_then_come_the_next() -> None:
    async with opened() as door:
        answer = await door.get("/a%2fb//c?x=1&y=%20")
    expected = [f"http://{site}.example/a%2fb//c?x=1&y=%20" for site in decided("127.0.0.1")[:4]]
    assert duplicates(answer) == expected
    assert answer.location == expected[0]
    assert [(link.pri, link.geo) for link in links(answer)[:4]] == [(str(number), "jp") for number in range(1, 5)]


async def test_their_order_is_that_of_nth_and_avoid() -> None:
    first, second, third, fourth, fifth, *_ = decided("127.0.0.1")
    async with opened() as door:
        nth = duplicates(await door.get("/@2/a"))
        avoiding = duplicates(await door.get(f"/a?avoid={first}"))
    assert nth == [f"http://{site}.example/a" for site in (second, first, third, fourth)]
    assert avoiding == [f"http://{site}.example/a" for site in (second, third, fourth, fifth)]


async def test_every_slot_has_its_own_order_and_it_is_that_of_decide() -> None:
    addresses = [f"133.{number}.0.1" for number in range(40)]
    source = serving(worlds.world(), known=tuple(addresses))
    for address in addresses:
        peer = read_address(address)
        assert peer is not None
        served = source.steer(worlds.HOST, View.HTTP4, peer, NO_WISH)
        assert served.page.links is not None
        assert list(served.page.links.sites) == decided(address)[:4], address
    assert not source.decided  # the table has them all


async def test_the_metalink_is_named_by_configuration_and_not_by_host() -> None:
    async with opened(serving(released())) as door:
        answer = await door.get("/v1/kernel?x", host=f"{worlds.HOST}:4711")
        folder = await door.get("/v1/")
    assert [link.url for link in links(answer) if link.rel == "describedby"] == [f"{OWN}/v1/kernel.meta4?x"]
    assert [link.rel for link in links(folder)] == ["duplicate"] * 4


async def test_where_no_name_of_ours_is_known_no_metalink_is_named() -> None:
    async with opened() as door:
        answer = await door.get("/v1/kernel")
    assert [link.rel for link in links(answer)] == ["duplicate"] * 4


async def test_wget2_is_told_of_whole_metalinks_alone() -> None:
    """It waits for nothing where no Digest is told, and downloads nothing where the Metalink tells no size."""
    told = manifests(
        new={
            "kernel": of_bytes(KERNEL),
            "sizeless": ManifestFile("ab" * 32),
            "sha1": ManifestFile(sha1="ab" * 20),
            "カ": of_bytes(b""),
        }
    )
    async with opened(serving(released(told=told))) as door:
        for path, named in {
            "/v1/kernel": True,
            "/v1/sizeless": False,
            "/v1/sha1": False,
            "/v2/x": False,
            "/v1/%E3%82%AB": False,
        }.items():
            answer = await door.get(path, "User-Agent: wget2/1.99.1")
            assert (links(answer)[-1].rel == "describedby") is named, path
            assert duplicates(answer)[0] == answer.location
            assert links(await door.get(path))[-1].rel == "describedby"


async def test_https_clients_are_told_of_https_alone(tmp_path: Path) -> None:
    sites = [replace(site, url_https=None) if site.id == decided("127.0.0.1")[1] else site for site in worlds.SITES]
    async with opened(serving(worlds.world(worlds.configuration(sites))), contexts=contexts(tmp_path)) as door:
        told = duplicates(await door.get("/a"))
    assert len(told) == 4
    assert all(url.startswith("https://") for url in told)
    assert not [url for url in told if decided("127.0.0.1")[1] in url]


async def test_the_hash_of_a_file_is_told_where_the_chosen_sites_manifest_says_it() -> None:
    async with opened(serving(released())) as door:
        answer = await door.get("/v1/kernel")
        again = await door.get("/v1/k%65rnel")
        unlisted = await door.get("/v1/other")
        outside = await door.get("/v2/kernel")
    assert answer.fields["Repr-Digest"] == again.fields["Repr-Digest"] == f"sha-256=:{SHA256}:"
    assert "Digest" not in answer.fields
    assert "Repr-Digest" not in unlisted.fields
    assert "Repr-Digest" not in outside.fields


@pytest.mark.parametrize("field", ["Want-Digest: SHA-256", "User-Agent: wget2/1.99.1", "User-Agent: Wget2/2.1"])
async def test_the_older_digest_is_for_those_who_want_it(field: str) -> None:
    async with opened(serving(released())) as door:
        answer = await door.get("/v1/kernel", field)
        only_sha1 = await door.get("/v1/no%20size", field)
    assert answer.fields["Digest"] == f"SHA-256={SHA256},SHA={SHA1}"
    assert only_sha1.fields["Digest"].startswith("SHA=")
    assert "Repr-Digest" not in only_sha1.fields


async def test_only_sites_with_the_same_bytes_are_told_during_a_roll_out() -> None:
    first, second, third, *_ = decided("127.0.0.1")
    rolling = released({second: "old", third: Holding(Hold.UNKNOWN)})
    async with opened(serving(rolling)) as door:
        told = duplicates(await door.get("/v1/kernel"))
    assert told[0] == f"http://{first}.example/v1/kernel"
    assert not [url for url in told if second in url or third in url]


async def test_where_nobody_has_the_generation_that_is_wanted_other_ones_are_not_mixed() -> None:
    """Everything that is left is of another generation, and not all of the same."""
    mixed = {site.id: "old" if index % 2 else "older" for index, site in enumerate(worlds.SITES)}
    async with opened(serving(released(mixed))) as door:
        answer = await door.get("/v1/kernel")
        told = duplicates(answer)
        block = duplicates(await door.get(f"/v1/{BLOCK_NAME}"))
    generations = {mixed[url.partition("//")[2].partition(".")[0]] for url in told}
    assert len(generations) == 1
    assert len(block) >= 1


async def test_a_file_that_two_generations_share_comes_from_both() -> None:
    second = decided("127.0.0.1")[1]
    async with opened(serving(released({second: "old"}))) as door:
        told = duplicates(await door.get(f"/v1/{BLOCK_NAME}"))
    assert len(told) == 4
    assert [url for url in told if second in url]


async def test_nobody_has_looked_yet_so_nobody_is_called_a_duplicate() -> None:
    async with opened(serving(released(dict.fromkeys(worlds.CITIES, Holding(Hold.UNKNOWN))))) as door:
        answer = await door.get("/v1/kernel")
    assert duplicates(answer) == [answer.location]
    assert "Repr-Digest" not in answer.fields


async def test_while_sites_are_looked_at_their_manifest_counts() -> None:
    async with opened(serving(released(dict.fromkeys(worlds.CITIES, LOOKING)))) as door:
        answer = await door.get("/v1/kernel")
    assert answer.fields["Repr-Digest"] == f"sha-256=:{SHA256}:"
    assert len(duplicates(answer)) == 4


async def test_their_number_and_their_octets_are_bounded() -> None:
    def limited(**limits: int):
        return serving(worlds.world(replace(worlds.configuration(), limits=Limits(**limits))))

    async with opened(limited(links=2)) as door:
        assert len(duplicates(await door.get("/a"))) == 2
        door.redirector.swap(limited(links=0))
        assert not links(await door.get("/a"))
        door.redirector.swap(limited(link_octets=1000))
        answer = await door.get("/" + "a" * 300)
        assert duplicates(answer)[0] == answer.location
        assert sum(len(line) + 2 for line in answer.head.decode().split("\r\n") if line.startswith("Link: ")) <= 1000
        door.redirector.swap(limited(links=100, link_octets=65536))
        assert len(duplicates(await door.get("/a"))) == 13


@pytest.mark.parametrize("path", ["/a<b", "/a>b", '/a"b', "/a?x=>"])
async def test_a_path_that_would_end_a_link_has_none(path: str) -> None:
    async with opened() as door:
        answer = await door.get(path)
    assert answer.location.endswith(path)
    assert not links(answer)


async def test_a_503_has_no_links() -> None:
    world = worlds.down(worlds.world(worlds.with_service(when_all_down="closed")), *worlds.CITIES)
    async with opened(serving(world)) as door:
        answer = await door.get("/a")
    assert (answer.status, links(answer)) == (503, [])


URL = st.sampled_from(["http://a.example/", "https://b.example:8443/pub/", "http://[2001:db8::1]/"])


@given(
    st.lists(URL, min_size=1, max_size=6),
    st.binary(max_size=300).map(lambda octets: b"/" + bytes(33 + octet % 94 for octet in octets).replace(b"?", b"")),
    st.binary(max_size=20).map(lambda octets: bytes(33 + octet % 94 for octet in octets)),
    st.integers(0, 3000),
    st.booleans(),
    st.sampled_from(["", "http://own.example"]),
)
def test_whatever_the_path_links_are_whole_lines_within_their_bounds(
    urls: list[str], path: bytes, query: bytes, octets_max: int, some: bool, own: str
) -> None:
    sites = [(replace(worlds.SITES[number], country="JP" if number else None), url) for number, url in enumerate(urls)]
    told = links_to(sites, own, octets_max)
    same = {sites[0][0].id, sites[-1][0].id} if some else None
    target = Target(path + (b"?" + query if query else b""), path)
    written = told.write(target, same)
    assert told.write(target) == told.write(target, told.sites)  # written ahead, and one by one
    assert len(written) <= max(octets_max, 0)
    assert written == b"" or written.endswith(b"\r\n")
    lines = written.split(b"\r\n")[:-1]
    for line in lines:
        assert re.fullmatch(rb'Link: <[^<>"]+>; rel=(duplicate; pri=\d+(; geo=jp)?|describedby; type="[^"]+")', line)
    if lines and b"duplicate" in lines[0]:
        assert lines[0].startswith(b"Link: <" + urls[0].encode() + target.suffix[1:] + b">")
