"""What is pasted as a client: an address, a network, an AS, or a subnet with the resolver that sent it."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin.asked import Asked, parse
from tests.admin.bench import SERVICE, Bench
from tests.fuzz import fuzz_accept_language, fuzz_asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("133.11.0.1", Asked("address", ip_network("133.11.0.1/32"))),
        (" 133.11.0.1\n", Asked("address", ip_network("133.11.0.1/32"))),
        ("[2001:200::1]", Asked("address", ip_network("2001:200::1/128"))),
        ("133.11.7.9/16", Asked("network", ip_network("133.11.0.0/16"))),
        ("2001:200::/32", Asked("network", ip_network("2001:200::/32"))),
        ("0.0.0.0/0", Asked("network", ip_network("0.0.0.0/0"))),
        ("AS2500", Asked("asn", asn=2500)),
        ("as 2500", Asked("asn", asn=2500)),
    ],
)
def test_it_is_read(text, asked):
    assert parse(text) == asked
    assert parse(asked.text) == asked


@pytest.mark.parametrize(
    "text", ["", "tokyo", "133.11.0", "133.11.0.1/33", "fe80::1%eth0", "AS0", "AS4294967296", "ASx", "2500", "1" * 5000, "[::1"]
)
def test_what_is_no_client_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match=r"AS2500|AS1"):
        parse(text)


@pytest.mark.parametrize("path", sorted(fuzz_asked.CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_corpus_of_clients_is_read_or_refused(path):
    fuzz_asked.one_input(path.read_bytes())


@given(st.binary(max_size=80) | st.from_regex(r"[0-9a-fAS:./\[\]% ]{0,40}").map(str.encode))
def test_anything_is_read_or_refused(data):
    fuzz_asked.one_input(data)


@pytest.mark.parametrize("path", sorted(fuzz_accept_language.CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_corpus_of_languages_gives_one(path):
    fuzz_accept_language.one_input(path.read_bytes())


# What the API makes of it


def explained(visit, status: int = 200, **question: str):
    answer = visit().get("/api/v1/explain", params=question)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_network_is_explained_as_a_client_subnet_is(visit):
    found = explained(visit, address="133.11.0.0/16")
    assert found["client"]["given"] == "133.11.0.0/16"
    assert found["client"]["network"] == "133.11.0.0/16"
    assert found["client"]["home"] == "jp"


def test_a_resolver_is_who_counts_where_the_subnet_tells_nothing_and_http_never_sees_one(visit):
    told = explained(visit, address="0.0.0.0/0", resolver="141.20.0.1")
    assert (told["client"]["resolver"], told["client"]["home"]) == ("141.20.0.1", "eu")
    assert explained(visit, address="133.11.0.0/24", resolver="141.20.0.1")["client"]["home"] == "jp"
    by_http = explained(visit, address="133.11.0.1", resolver="141.20.0.1", via="http")
    assert (by_http["client"]["resolver"], by_http["client"]["home"]) == (None, "jp")


def test_an_as_of_which_nothing_is_known_is_refused_with_the_reason(visit):
    assert "no network of AS64500 is known" in explained(visit, 404, address="AS64500")["detail"]


def test_an_as_is_explained_by_a_network_of_it(visit):
    client = explained(visit, address="as2500")["client"]
    assert (client["given"], client["asn"]) == ("203.0.113.0/24", 2500)


@pytest.mark.parametrize("question", [{"address": "AS"}, {"address": "133.11.0.1", "resolver": "ns1.example"}])
def test_what_can_not_be_read_is_told_beside_its_field(visit, question):
    refused = explained(visit, 422, **question)
    assert [each["field"] for each in refused["errors"]] == [list(question)[-1]]


def test_shares_terms_and_stages_are_told(visit, node: Bench):
    node.fail("jp-osaka-1")
    node.drain("us-dallas-1", "a new disk", "ops", None)
    node.wait(2.0)
    found = explained(visit, address="133.11.0.1")
    assert sum(each["share"] for each in found["sites"]) == pytest.approx(1)
    assert found["sites"][0]["share"] > 0
    assert (found["sites"][0]["latency_ms"], found["sites"][0]["vantage"]) == (8.0, "tokyo")
    assert found["policy"] == ["up", "content", "nearest", "fastest", "spill", "sticky", "first"]
    assert found["stages"] == [{"filter": "up", "dropped": ["us-dallas-1", "jp-osaka-1"], "left": 11}]
    assert found["service"] == SERVICE
