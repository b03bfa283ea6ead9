"""Answers about a file: Metalinks of both versions and lines of sha256sum."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Hold, Holding, Limits
from gslb.redirect.documents import name_of
from gslb.redirect.metalink import File, Source, write_metalink3, write_metalink4
from tests.redirect.contents import BLOCK_NAME, KERNEL, OWN, manifests, of_bytes, released
from tests.redirect.doors import Answer, opened, serving
from tests.redirect.test_redirect import closed_world, decided
from tests.redirect.test_tls import contexts

pytestmark = pytest.mark.anyio

NS4 = "{urn:ietf:params:xml:ns:metalink}"
NS3 = "{http://www.metalinker.org/}"
PLAIN = "filename=\"metalink.meta4\"; filename*=UTF-8''"
META4, META3 = "application/metalink4+xml", "application/metalink+xml"


def file4(answer: Answer) -> ElementTree.Element:
    root = ElementTree.fromstring(answer.body)
    assert root.tag == f"{NS4}metalink"
    (file,) = root.findall(f"{NS4}file")
    return file


def urls4(answer: Answer) -> list[str]:
    return [str(url.text) for url in file4(answer).findall(f"{NS4}url")]


async def test_a_metalink_names_the_sites_in_order_and_what_is_known_of_the_file() -> None:
    async with opened(serving(released())) as door:
        answer = await door.get("/v1/kernel.meta4?x=1")
        chosen = await door.get("/v1/kernel?x=1")
    assert (answer.status, answer.fields["Content-Type"]) == (200, META4)
    assert answer.fields["Cache-Control"] == "private, no-store"
    assert answer.fields["GSLB-Decision"] == chosen.fields["GSLB-Decision"]
    file = file4(answer)
    assert file.get("name") == "kernel"
    assert file.findtext(f"{NS4}size") == str(len(KERNEL))
    hashes = {one.get("type"): one.text for one in file.findall(f"{NS4}hash")}
    assert hashes == {"sha-256": hashlib.sha256(KERNEL).hexdigest(), "sha-1": hashlib.sha1(KERNEL).hexdigest()}
    urls = file.findall(f"{NS4}url")
    assert [url.text for url in urls] == [f"http://{site}.example/v1/kernel?x=1" for site in decided("127.0.0.1")]
    assert [url.get("priority") for url in urls] == [str(number) for number in range(1, 14)]
    assert [url.get("location") for url in urls][:2] == ["jp", "jp"]
    assert urls4(answer)[0] == chosen.location
    origin = ElementTree.fromstring(answer.body).find(f"{NS4}origin")
    assert origin is not None
    assert (origin.text, origin.get("dynamic")) == (f"{OWN}/v1/kernel.meta4?x=1", "true")


async def test_version_3_says_the_same_in_its_own_words() -> None:
    async with opened(serving(released())) as door:
        answer = await door.get("/v1/kernel.metalink")
        unlisted = await door.get("/v2/x.metalink")
    assert answer.fields["Content-Type"] == META3
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, root.get("version"), root.get("type")) == (f"{NS3}metalink", "3.0", "dynamic")
    assert root.get("origin") == f"{OWN}/v1/kernel.metalink"
    file = root.find(f"{NS3}files/{NS3}file")
    assert file is not None
    assert (file.get("name"), file.findtext(f"{NS3}size")) == ("kernel", str(len(KERNEL)))
    hashes = {one.get("type"): one.text for one in file.findall(f"{NS3}verification/{NS3}hash")}
    assert hashes == {"sha256": hashlib.sha256(KERNEL).hexdigest(), "sha1": hashlib.sha1(KERNEL).hexdigest()}
    urls = file.findall(f"{NS3}resources/{NS3}url")
    assert [url.text for url in urls] == [f"http://{site}.example/v1/kernel" for site in decided("127.0.0.1")]
    assert [url.get("preference") for url in urls] == [str(100 - number) for number in range(13)]
    assert {url.get("type") for url in urls} == {"http"}
    assert ElementTree.fromstring(unlisted.body).find(f"{NS3}files/{NS3}file/{NS3}verification") is None


async def test_a_metalink_can_be_asked_for_by_accept() -> None:
    aria2 = f"Accept: */*,{META4},{META3}"
    async with opened(serving(released())) as door:
        answers = [await door.get("/v1/kernel", accept) for accept in (f"Accept: {META4}", aria2, f"Accept: {META3}")]
        browser = await door.get("/v1/kernel", "Accept: text/html,application/xml;q=0.9,*/*;q=0.8")
        refused = await door.get("/v1/kernel", f"Accept: {META4};q=0, */*")
        rather_not = await door.get("/v1/kernel", f"Accept: {META4};q=0.5, */*")
        folder = await door.get("/v1/", aria2)
    assert [answer.fields["Content-Type"] for answer in answers] == [META4, META4, META3]
    assert {answer.fields["Vary"] for answer in answers} == {"Accept"}
    assert answers[1].fields["Content-Disposition"] == 'attachment; filename="kernel.meta4"'
    assert {answer.status for answer in (browser, refused, rather_not, folder)} == {302}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/disk%20image.iso", 'filename="disk image.iso.meta4"'),
        ("/%E3%82%AB.iso", PLAIN + "%E3%82%AB.iso.meta4"),
        ('/"x".iso', PLAIN + "%22x%22.iso.meta4"),
        ("/x%25.iso", PLAIN + "x%25.iso.meta4"),
        ("/" + '"' * 900, 'filename="metalink.meta4"'),
    ],
)
async def test_a_metalink_never_takes_the_files_own_name_on_disk(path: str, told: str) -> None:
    """As aria2 names what it gets, which is to be followed by the file."""
    async with opened() as door:
        answer = await door.get(path, f"Accept: {META4}")
    assert answer.fields["Content-Disposition"] == f"attachment; {told}"


async def test_nth_and_avoid_are_heeded() -> None:
    first, second, third, *_ = decided("127.0.0.1")
    async with opened(serving(released())) as door:
        nth = urls4(await door.get("/@2/v1/kernel.meta4"))
        avoiding = urls4(await door.get(f"/v1/kernel.meta4?avoid={first}"))
    assert nth[:3] == [f"http://{site}.example/v1/kernel" for site in (second, first, third)]
    assert avoiding[0] == f"http://{second}.example/v1/kernel"
    assert not [url for url in avoiding if first in url]


async def test_only_sites_that_have_the_same_bytes_are_in_it() -> None:
    second = decided("127.0.0.1")[1]
    rolling = released({"us-fremont": Holding(Hold.WRONG, "new"), second: "old"})
    async with opened(serving(rolling)) as door:
        kernel = urls4(await door.get("/v1/kernel.meta4"))
        block = urls4(await door.get(f"/v1/{BLOCK_NAME}.meta4"))
    assert not [url for url in kernel if second in url or "us-fremont" in url]
    assert len(kernel) == 11
    assert [url for url in block if second in url]
    assert not [url for url in block if "us-fremont" in url]


async def test_https_clients_get_https_urls(tmp_path: Path) -> None:
    async with opened(serving(released()), contexts=contexts(tmp_path)) as door:
        urls = urls4(await door.get("/v1/kernel.meta4"))
    assert {url.partition(":")[0] for url in urls} == {"https"}


async def test_their_number_is_bounded_and_a_path_too_long_for_a_redirect_is_refused() -> None:
    world = released()
    settings = replace(world.configuration, limits=Limits(metalink_sites=3))
    async with opened(serving(replace(world, configuration=settings))) as door:
        assert len(urls4(await door.get("/v1/kernel.meta4"))) == 3
        assert (await door.get("/v1/" + "a" * 2040 + ".meta4")).status == 414


async def test_a_line_of_sha256sum_checks_the_file(tmp_path: Path) -> None:
    (tmp_path / "kernel").write_bytes(KERNEL)
    async with opened(serving(released())) as door:
        answers = {name: await door.get(f"/v1/kernel.{name}") for name in ("sha256", "sha1")}
    for name, answer in answers.items():
        assert (answer.status, answer.fields["Content-Type"]) == (200, "text/plain; charset=utf-8")
        said = subprocess.run([f"{name}sum", "-c"], input=answer.body, cwd=tmp_path, capture_output=True, check=False)
        assert said.stdout == b"kernel: OK\n"


async def test_a_hash_that_is_not_known_is_404_and_outside_of_sets_the_mirrors_are_asked() -> None:
    async with opened(serving(released())) as door:
        unlisted = await door.get("/v1/other.sha256")
        untold = await door.get("/v1/no%20size.sha256")
        outside = await door.get("/v2/x.iso.sha256")
        door.redirector.swap(serving(released(told={})))
        unread = await door.get("/v1/kernel.sha256")
    assert (unlisted.status, untold.status) == (404, 404)
    assert unlisted.body == b"The hash of this file is not known here.\n"
    assert outside.location.endswith(".example/v2/x.iso.sha256")
    assert unread.location.endswith(".example/v1/kernel.sha256")


async def test_a_file_that_the_mirrors_have_under_such_a_name_wins() -> None:
    told = manifests(new={name: of_bytes(KERNEL) for name in ("kernel", "kernel.sha256", "kernel.meta4", ".meta4")})
    async with opened(serving(released(told=told))) as door:
        answers = [await door.get(f"/v1/{name}") for name in ("kernel.sha256", "k%65rnel.meta4", ".meta4")]
        metalink = await door.get("/v1/kernel.metalink")
    assert [answer.status for answer in answers] == [302, 302, 302]
    assert metalink.status == 200


@pytest.mark.parametrize("path", ["/.meta4", "/v1/.sha256", "/v1/..meta4", "/v1/...metalink", "/v1/..sha1"])
async def test_what_names_no_file_is_a_path_as_any_other(path: str) -> None:
    async with opened(serving(released())) as door:
        answer = await door.get(path)
    assert (answer.status, answer.location.endswith(f".example{path}")) == (302, True)


async def test_head_has_the_same_head_and_nothing_eligible_is_503() -> None:
    async with opened(serving(released())) as door:
        get, head = await door.get("/v1/kernel.meta4"), await door.get("/v1/kernel.meta4", method="HEAD")
        door.redirector.swap(serving(closed_world()))
        nobody = await door.get("/v1/kernel.meta4")
    assert {**get.fields, "Date": ""} == {**head.fields, "Date": ""}
    assert (nobody.status, nobody.fields["Retry-After"]) == (503, "15")


async def test_documents_are_counted_by_form() -> None:
    async with opened(serving(released())) as door:
        for path in ("/a.meta4", "/a?mirrorlist", "/v1/kernel.sha256"):
            await door.get(path)
    counted = {key[2]: number for key, number in door.counters.items() if key[0] == "gslb_http_documents_total"}
    assert counted == {"meta4": 1, "mirrorlist": 1, "sha256": 1}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"/a/kernel", "kernel"),
        (b"/a/%E3%82%AB%20x", "カ x"),
        (b"/a/b%2Fc", "b%2Fc"),
        (b"/a/%00", "%00"),
        (b"/a/%ff", "%ff"),
        (b"/a/x%0Ay", "x%0Ay"),
        (b"/a/x%5Cy", "x%5Cy"),
        (b"/a/%2e%2e", None),
        (b"/a/", None),
    ],
)
def test_a_name_on_disk_is_one_name_and_harmless(path: bytes, name: str | None) -> None:
    assert name_of(path) == name


ASCII = st.binary(max_size=80).map(lambda octets: bytes(33 + octet % 94 for octet in octets))


URL = st.builds(lambda scheme, rest: f"{scheme}://{rest.decode()}", st.sampled_from(("http", "https")), ASCII)


@given(ASCII, st.lists(URL, max_size=4), st.none() | ASCII.map(bytes.decode))
def test_whatever_the_path_a_metalink_is_well_formed_and_says_it_unchanged(
    path: bytes, urls: list[str], origin: str | None
) -> None:
    name = name_of(b"/" + path.replace(b"?", b""))
    if name is None:
        return
    assert "/" not in name
    file = File(name, origin, [Source(url, "JP") for url in urls], of_bytes(path))
    four, three = ElementTree.fromstring(write_metalink4(file)), ElementTree.fromstring(write_metalink3(file))
    assert [one.get("name") for one in (*four.iter(f"{NS4}file"), *three.iter(f"{NS3}file"))] == [name, name]
    assert [url.text or "" for url in four.iter(f"{NS4}url")] == urls
    assert [url.text or "" for url in three.iter(f"{NS3}url")] == urls
    assert (three.get("origin") or "") == (origin or "")
