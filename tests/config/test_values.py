"""What is written, to what is meant."""

from datetime import UTC, date, datetime
from ipaddress import ip_address, ip_network

import pytest

from gslb.config import values
from gslb.config.countries import COUNTRIES
from gslb.config.urls import Target, http_url, https_url, target
from gslb.model import Endpoint


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("10s", 10), ("1.5s", 1.5), ("5m", 300), ("2h", 7200), ("14d", 1209600), ("0s", 0)]
)
def test_durations(text, seconds):
    assert values.duration_s(text) == seconds


@pytest.mark.parametrize("text", ["10", "", "s", "10 s", "-1s", "1e3s", "10S", "٣s", "1w", "1h30m", "9999999999s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration"):
        values.duration_s(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "500ms"), (0, "0s"), (60, "60s"), (90, "90s"), (600, "10m"), (3600, "1h"), (86400, "1d")]
)
def test_durations_are_written_as_one_would(seconds, text):
    assert values.written(seconds) == text


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2027-03-31", datetime(2027, 4, 1, tzinfo=UTC)),  # good until the day is over
        ("2027-03-31T18:00:00Z", datetime(2027, 3, 31, 18, tzinfo=UTC)),
        ("2027-03-31 18:00+09:00", datetime(2027, 3, 31, 9, tzinfo=UTC)),
    ],
)
def test_ends(text, end):
    assert values.end(text) == end


@pytest.mark.parametrize(
    "text", ["", "2027-3-31", "2027-02-30", "9999-12-31", "2027-03-31T18:00:00", "0001-01-01T00:00+14:00", "tomorrow"]
)
def test_what_is_no_end(text):
    with pytest.raises(ValueError, match="neither a date nor a time"):
        values.end(text)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:53", Endpoint("127.0.0.1", 53)),
        ("[::1]:0", Endpoint("::1", 0)),
        ("[2001:DB8:0::1]:80", Endpoint("2001:db8::1", 80)),
    ],
)
def test_endpoints(text, endpoint):
    assert values.endpoint(text) == endpoint


@pytest.mark.parametrize("text", ["", ":53", "::1:53", "[127.0.0.1]:53", "127.0.0.1:", "127.0.0.1:5a", "*:53", "[::1]"])
def test_what_is_no_endpoint(text):
    with pytest.raises(ValueError, match="is not address:port"):
        values.endpoint(text)


def test_a_bare_address_is_the_network_of_itself():
    assert values.network("192.0.2.7") == ip_network("192.0.2.7/32")
    assert values.network("2001:db8::1") == ip_network("2001:db8::1/128")


@pytest.mark.parametrize("text", ["192.0.2.0/255.255.255.0", "192.0.2.0/", "192.0.2/24", "192.0.2.0/024x"])
def test_what_is_no_cidr(text):
    with pytest.raises(ValueError, match="write "):
        values.network(text)


@pytest.mark.parametrize(
    ("finer", "unit"),
    [
        ("192.0.2.128/25", "192.0.2.0/24"),
        ("192.0.2.0/23", None),
        ("2001:db8::/64", "2001:db8::/56"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_finer_network_stands_for_its_unit_of_steering(finer, unit):
    network = ip_network(finer, strict=False)
    assert values.steering_unit(network) == (ip_network(unit) if unit else network)


def test_a_host_is_lower_case_without_its_final_dot():
    assert values.host("WWW.Example.NET.") == "www.example.net"


@pytest.mark.parametrize("text", ["", ".", "a..b", "-a.b", "a" * 64, "a b", "*.a", "192.0.2.1", "1.2", ".".join(["a" * 60] * 5)])
def test_what_is_no_host(text):
    with pytest.raises(ValueError, match=r"is not|is an address"):
        values.host(text)


@pytest.mark.parametrize(
    ("name", "closest"), [("a.b.c", "b.c"), ("b.c", "b.c"), ("xb.c", "c"), ("d", None), ("a.z.b.c", "z.b.c")]
)
def test_the_closest_name_above(name, closest):
    assert values.closest(name, {"b.c", "c", "z.b.c"}) == closest


def test_other_values():
    assert values.day("2027-03-31") == date(2027, 3, 31)
    assert values.asn("AS2500") == values.asn("2500") == 2500
    assert values.address("2001:DB8::1") == ip_address("2001:db8::1")
    assert values.address("127.0.0.1").is_loopback
    assert len(COUNTRIES) == 250


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://a.example", "http://a.example/"),
        ("http://a.example//", "http://a.example/"),
        ("HTTP://a.example/x/y", "http://a.example/x/y/"),
        ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://a.example/%7Ex/", "http://a.example/%7Ex/"),
    ],
)
def test_a_url_ends_with_one_slash(text, url):
    assert http_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http:///x",
        "http://a b/",
        "http://[::1/",
        "http://a:0/",
        "http://a:b/",
        "http://a..b/",
        "http://1.2/",
        "http:/a/",
    ],
)
def test_what_is_no_url(text):
    with pytest.raises(ValueError, match=r"is not|has no valid host"):
        http_url(text)


def test_where_a_url_leads():
    assert target(http_url("http://A.Example./x")) == Target("a.example", 80)
    assert target(https_url("https://[2001:DB8:0::1]/x")) == Target("2001:db8::1", 443)
    assert target(http_url("http://127.0.0.1:8080")) == Target("127.0.0.1", 8080)
