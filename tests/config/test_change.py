"""What a reload changed, in sentences."""

from dataclasses import replace
from ipaddress import ip_network

from gslb.config import describe_change, parse
from gslb.model import Tls
from tests.config.base import BASE, FILE, changed

OLD = parse(BASE, FILE)
SITE = "  - {id: kr-seoul-1, region: jp, location: [37.57, 126.98], addresses: [192.0.2.82], url: http://kr.example/}\n"


def sentences(*changes: tuple[str, str]) -> tuple[str, ...]:
    return describe_change(OLD, parse(changed(*changes), FILE))


def test_a_comment_changes_nothing():
    assert sentences(("node:", "# the node\nnode:")) == ()


def test_sites_come_and_change():
    assert sentences(
        ("services:\n", f"{SITE}services:\n"), ("weight: 100", "weight: 50"), ("capacity: 1000", "capacity: 10")
    ) == (
        "site kr-seoul-1 added",
        "site jp-tokyo-1: weight and capacity changed",
    )


def test_sites_go():
    new = parse(changed(("services:\n", f"{SITE}services:\n")), FILE)
    assert describe_change(new, OLD) == ("site kr-seoul-1 removed",)


def test_services_and_zones_change():
    assert sentences(("min: 15s", "min: 5s"), ("ttl: 300s", "ttl: 60s"), ("interval: 10s", "interval: 20s")) == (
        "service boot.example.net: ttl_min changed",
        "zone boot.example.net: ttl and records changed",
        "probes changed",
    )


def test_proxies_are_trusted_at_once():
    new = replace(OLD, listen=replace(OLD.listen, trusted_proxies=()), tls=Tls("c.pem", "k.pem"))
    old = replace(OLD, listen=replace(OLD.listen, trusted_proxies=(ip_network("192.0.2.0/24"),)))
    assert describe_change(old, new) == ("tls changed", "trusted_proxies changed")


def test_sockets_wait_for_a_restart():
    assert sentences(("127.0.0.1:5300", "127.0.0.1:5301"), ("rise: 5", "rise: 4")) == (
        "probes changed",
        "listen changed, which takes a restart",
    )
