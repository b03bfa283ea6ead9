"""What is asked of whom: as the clients of each door do."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from gslb.config import parse
from gslb.model import CheckSettings, ContentSet, Door, SetKey
from gslb.state.content import ContentKey, content_targets
from tests.state.content.scene import KNOPPIX, carried
from tests.state.scene import HOST, site

PLAIN = ContentSet("plain", "/plain/")


def targets(one, *sets, **service):
    plain = carried(one, content=sets or (KNOPPIX,))
    return {
        ContentKey.parse(each.key).door: each
        for each in content_targets(replace(plain, services=(replace(plain.services[0], **service),)))
    }


def test_each_set_is_looked_at_on_each_address_through_each_door():
    found = content_targets(carried(site(1, "us", "2001:db8::1"), content=(KNOPPIX, PLAIN, replace(KNOPPIX, name="more"))))
    keys = [ContentKey.parse(each.key) for each in found]
    assert len(keys) == len(set(keys)) == 2 * 2 * 2
    assert {key.content for key in keys} == {"knoppix", "more"}
    assert keys[0].set == SetKey(HOST, "knoppix")
    assert [str(key) for key in keys] == [each.key for each in found]


def test_a_site_that_does_not_carry_a_set_is_not_asked_for_it():
    assert targets(replace(site(1, "us"), content=("other",))) == {}
    assert targets(replace(site(1, "us"), content=("knoppix",))).keys() == {Door.DNS, Door.HTTP}


def test_a_client_of_dns_says_the_service_and_one_that_was_redirected_the_site():
    found = targets(replace(site(1, "us"), url="http://m1.example:8080/pub/mirror/"))
    assert (found[Door.DNS].host, found[Door.DNS].port, found[Door.DNS].prefix) == (f"{HOST}:8080", 8080, "/knoppix/")
    http = found[Door.HTTP]
    assert (http.host, http.port, http.prefix, http.tls) == ("m1.example:8080", 8080, "/pub/mirror/knoppix/", False)


def test_a_check_over_https_has_sets_looked_at_over_https():
    secure = replace(site(1, "us"), url_https="https://m1.example/")
    found = targets(secure, check=CheckSettings(type="https", verify=False))
    assert {(each.tls, each.port, each.verify) for each in found.values()} == {(True, 443, False)}
    assert found[Door.HTTP].host == "m1.example"


def test_the_port_of_a_check_is_that_of_clients_of_dns():
    found = targets(site(1, "us"), check=CheckSettings(type="http", port=81))
    assert (found[Door.DNS].port, found[Door.HTTP].port) == (81, 80)
    assert targets(site(1, "us"), check=CheckSettings(type="tcp", port=22))[Door.DNS].port == 80


def test_a_site_named_by_its_address_is_asked_for_by_it():
    six = replace(site(6, "us"), addresses=(ip_address("2001:db8::6"),), url="http://[2001:db8::6]/")
    assert targets(six)[Door.HTTP].host == "[2001:db8::6]"


def test_a_listing_is_of_the_directory_of_the_set():
    one = replace(site(1, "us"), rsync="rsync://m1.example/pub/")
    assert targets(one, replace(KNOPPIX, prefix="/set one/"))[Door.HTTP].rsync == "rsync://m1.example/pub/set one/"


@pytest.mark.parametrize(
    ("written", "decoded", "asked"),
    [("/a%20b/", "/a b/", "/a%20b/"), ("/%E2%98%83/", "/☃/", "/%E2%98%83/"), ("/a+b/~c/", "/a+b/~c/", "/a+b/~c/")],
)
def test_a_prefix_is_compared_decoded_and_asked_for_encoded(written, decoded, asked):
    text = f"""
node: n
sites: [{{id: a, region: us, location: [1, 2], addresses: [192.0.2.1], url: "http://a.example/"}}]
zones: [{{name: example, nameservers: {{ns.example: [192.0.2.53]}}, contact: h@example}}]
services: [{{host: www.example, content: [{{name: set, prefix: "{written}", manifest: SHA256SUMS}}]}}]
"""
    configuration = parse(text, "gslb.yaml")
    assert configuration.services[0].content[0].prefix == decoded
    assert {each.prefix for each in content_targets(configuration)} == {asked}
