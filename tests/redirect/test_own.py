"""Our own URLs, told by configuration alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gslb.model import Door, Endpoint, Listen
from gslb.redirect.own import own_url
from tests.steering import world as worlds

LISTEN = Listen(
    http=(Endpoint("192.0.2.80", 80), Endpoint("192.0.2.80", 8080)), https=(Endpoint("192.0.2.80", 443),)
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "listen", "tls", "expected"),
    [
        (("go.example.net", "also.example.net"), LISTEN, False, "http://go.example.net"),
        (("go.example.net",), LISTEN, True, "https://go.example.net"),
        (("go.example.net",), Listen(http=(Endpoint("::1", 8080),)), False, "http://go.example.net:8080"),
        (("go.example.net",), Listen(https=(Endpoint("::1", 8443),)), True, "https://go.example.net:8443"),
        (("go.example.net",), Listen(http=(Endpoint("::1", 80),)), True, None),
        ((), LISTEN, False, None),
    ],
)
def test_the_first_name_that_leads_to_the_redirector(names, listen, tls, expected):
    configuration = replace(worlds.with_service(http_hosts=names), listen=listen)
    assert own_url(configuration, configuration.services[0], tls) == expected


def test_behind_a_proxy_it_is_what_the_configuration_says():
    configuration = replace(worlds.with_service(public_url="http://go.example.net/"), listen=LISTEN)
    assert own_url(configuration, configuration.services[0], False) == "http://go.example.net"
    assert own_url(configuration, configuration.services[0], True) is None


def test_a_host_that_dns_does_not_steer_leads_to_the_redirector_too():
    configuration = replace(worlds.with_service(via=frozenset((Door.HTTP,))), listen=LISTEN)
    assert own_url(configuration, configuration.services[0], False) == f"http://{worlds.HOST}"
