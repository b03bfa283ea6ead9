from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest

from gslb.model import CheckSettings, Door, Match, Rule, Service
from gslb.state import TargetKey, Tracker, targets
from tests.state.scene import HOST, configuration, site

HTTP = CheckSettings()
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def made(check: CheckSettings = HTTP, url: str = "http://m1.example/", url_https: str | None = None):
    one = replace(site(1, "us"), url=url, url_https=url_https)
    found = targets(replace(configuration((one,)), services=(Service(HOST, check),)))
    return {TargetKey.parse(target.key).door: target for target in found}


def test_each_address_of_each_site_is_probed_through_each_door():
    sites = (site(1, "us", "2001:db8::1"), site(2, "eu"))
    assert [target.key for target in targets(configuration(sites))] == [
        f"{HOST}/dns/us-1/192.0.2.1",
        f"{HOST}/dns/us-1/2001:db8::1",
        f"{HOST}/dns/eu-2/192.0.2.2",
        f"{HOST}/http/us-1/192.0.2.1",
        f"{HOST}/http/us-1/2001:db8::1",
        f"{HOST}/http/eu-2/192.0.2.2",
    ]


def test_a_service_by_one_door_is_probed_through_that_door_alone():
    service = Service(HOST, CheckSettings(), via=frozenset({Door.HTTP}))
    found = targets(replace(configuration((site(1, "us"),)), services=(service,)))
    assert [TargetKey.parse(target.key).door for target in found] == [Door.HTTP]


def test_the_dns_door_says_the_service_and_the_http_door_the_mirror():
    found = made()
    assert found[Door.DNS].sent_host == HOST
    assert found[Door.HTTP].sent_host == "m1.example"
    assert {target.port for target in found.values()} == {80}


def test_a_port_of_the_url_is_probed_and_said():
    found = made(url="http://m1.example:8081/")
    assert {target.port for target in found.values()} == {8081}
    assert found[Door.DNS].sent_host == f"{HOST}:8081"
    assert found[Door.HTTP].sent_host == "m1.example:8081"


def test_a_port_and_a_host_of_the_check_outrank_those_of_the_site():
    found = made(CheckSettings(port=8000, host="mirror.example"), url="http://m1.example:8081/")
    assert {(target.port, target.sent_host) for target in found.values()} == {(8000, "mirror.example")}


@pytest.mark.parametrize(
    ("url", "url_https", "port"),
    [
        ("http://m1.example:8081/", None, 443),  # not the http port
        ("http://m1.example/", "https://m1.example:8443/", 8443),
        ("https://m1.example:9443/", None, 9443),
    ],
)
def test_an_https_check_goes_to_the_https_port(url, url_https, port):
    assert {target.port for target in made(CheckSettings("https"), url, url_https).values()} == {port}


@pytest.mark.parametrize(
    ("check", "port"),
    [
        (CheckSettings("tcp"), 80),
        (CheckSettings("dns"), 53),
        (CheckSettings("exec", command=("/bin/true",)), 80),
    ],
)
def test_where_no_host_is_said_both_doors_are_one_exchange(check, port):
    found = made(check)
    assert found[Door.DNS].exchange == found[Door.HTTP].exchange
    assert found[Door.DNS].port == port


def test_doors_that_send_the_same_bytes_are_one_exchange():
    found = made(url=f"http://{HOST}/")
    assert found[Door.DNS].exchange == found[Door.HTTP].exchange


def test_an_address_as_url_is_bracketed():
    assert made(url="http://[2001:db8::1]:8081/")[Door.HTTP].sent_host == "[2001:db8::1]:8081"


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_key_is_read_as_it_is_written(address):
    key = TargetKey(HOST, Door.DNS, "jp/odd", ip_address(address))
    assert TargetKey.parse(str(key)) == key
    assert key.standing.family == ip_address(address).version


@pytest.mark.parametrize("text", ["", "a/b/c/d", "a/dns/b", "a/dns/b/1.2.3", "a/dns"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        TargetKey.parse(text)


def keys(service: Service) -> list[str]:
    sites = (site(1, "us"), site(2, "eu"), site(3, "jp"))
    found = targets(replace(configuration(sites), services=(replace(service, via=frozenset({Door.DNS})),)))
    return [TargetKey.parse(target.key).site for target in found]


EVERYBODY = Match(networks=(ip_network("0.0.0.0/0"),))


def test_sites_that_a_service_sends_nobody_to_are_not_asked():
    order = {"us": ("us",), "eu": ("us",), "jp": ("us",), "default": ("us",)}
    service = Service(HOST, HTTP, regions=order)
    assert keys(service) == ["us-1"]
    assert keys(replace(service, rules=(Rule(EVERYBODY, "prefer", ("eu",)),))) == ["us-1", "eu-2"]
    assert keys(replace(service, rules=(Rule(EVERYBODY, "only", ("jp-3",)),))) == ["us-1", "jp-3"]
    assert keys(replace(service, rules=(Rule(EVERYBODY, "never", ("jp",)),))) == ["us-1"]
    assert keys(replace(service, regions={"us": ("us",)})) == ["us-1", "eu-2", "jp-3"]  # the others go by distance


def test_a_site_that_nobody_asks_has_a_report_and_makes_nothing_wait():
    sites = (site(1, "us"), site(2, "eu"))
    service = Service(HOST, HTTP, regions={"us": ("us",), "eu": ("us",), "default": ("us",)})
    tracker = Tracker(replace(configuration(sites), services=(service,)), now_s=0.0, utc=NOW)
    assert {TargetKey.parse(target.key).site for target in tracker.targets} == {"us-1"}
    assert tracker.report("eu-2") is not None
    assert tracker.next_world(0.0, NOW) is not None
