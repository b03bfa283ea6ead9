"""What a configuration means: every key of the contract, in the words of the model."""

from datetime import date
from ipaddress import ip_address, ip_network

from gslb.config import parse
from gslb.model import (
    CheckSettings,
    Configuration,
    ContentSet,
    Door,
    Endpoint,
    GeoOverride,
    GeoSettings,
    Limits,
    Listen,
    Location,
    Match,
    Place,
    ProbeSettings,
    Rule,
    Service,
    Site,
    User,
)
from tests.config.base import BASE, FILE, changed

EVERY_KEY = """\
node: tokyo-1
state_dir: /var/lib/gslb
listen:
  dns: ["127.0.0.1:5300", "[::1]:5300"]
  http: ["127.0.0.1:8080"]
  https: []
  admin: "0.0.0.0:8053"
  trusted_proxies: [10.0.0.0/8, "::1"]
user: gslb
geo:
  databases: [bundled, /geo/asn.mmdb]
  overrides:
    - {network: 203.0.113.0/24, country: JP, location: [35.68, 139.77], asn: 2500}
sites:
  - id: jp-tokyo-1
    region: jp
    country: JP
    location: [35.68, 139.77]
    addresses: [192.0.2.33, "2001:db8:33::1"]
    url: http://jp-tokyo-1.example
    url_https: https://jp-tokyo-1.example/
    weight: 0
    capacity: 1000
    content: [knoppix-5.1.1]
    only: {country: [JP], asn: [2500, AS2501], network: ["2001:db8:1:2::/64", 198.51.100.0/24]}
services:
  - host: Knoppix.InetBoot.Net.
    http_hosts: [go.knoppix.inetboot.net]
    via: [http]
    ttl: {min: 5s, max: 2m}
    answers: 3
    when_all_down: [192.0.2.99]
    policy: [up, nearest, first]
    regions: {jp: [jp], default: [jp]}
    sticky: {v4: 24, v6: 56}
    rules:
      - {match: {asn: 2500}, prefer: [jp-tokyo-1], until: 2027-03-31}
      - {match: {country: NO}, never: jp}
    content:
      - {name: knoppix-5.1.1, prefix: /v1.0/, manifest: SHA256SUMS}
    check: {type: https, path: /v1.0/index.idx, status: 200, port: 8443, host: a.example, method: HEAD,
            size: 10, verify: false}
probes:
  interval: 500ms
  timeout: 400ms
  rise: 1
  fall: 2
  slow_start: 0s
  flap: {changes: 3, within: 5m, quiet: 1m}
  vantage: tokyo
  location: [35.68, 139.77]
  latency: first_byte
  concurrency: 8
  contact: ops@example.net
limits: {tcp_connections: 10, tcp_connections_per_client: 2, tcp_idle: 1s, http_connections: 20,
         http_connections_per_client: 3, http_header: 2s, http_idle: 3s, cached_networks: 4, cached_decisions: 5}
admin:
  users:
    - {name: ops, role: operator, token_sha256: "0000000000000000000000000000000000000000000000000000000000000000"}
    - {name: kyushu, role: owner, sites: [jp-tokyo-1],
       token_sha256: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
"""

TOKYO = Location(35.68, 139.77)


def test_every_key_arrives_in_the_model():
    assert parse(EVERY_KEY, "/etc/gslb.yaml") == Configuration(
        node="tokyo-1",
        state_dir="/var/lib/gslb",
        listen=Listen(
            dns=(Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300)),
            http=(Endpoint("127.0.0.1", 8080),),
            admin=Endpoint("0.0.0.0", 8053),
            trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")),
        ),
        user="gslb",
        geo=GeoSettings(
            ("bundled", "/geo/asn.mmdb"),
            (GeoOverride(ip_network("203.0.113.0/24"), Place("JP", TOKYO, 2500)),),
        ),
        sites=(
            Site(
                "jp-tokyo-1",
                "jp",
                "JP",
                TOKYO,
                (ip_address("192.0.2.33"), ip_address("2001:db8:33::1")),
                "http://jp-tokyo-1.example/",
                "https://jp-tokyo-1.example/",
                weight=0,
                capacity=1000,
                content=("knoppix-5.1.1",),
                only=Match((ip_network("2001:db8:1::/56"), ip_network("198.51.100.0/24")), (2500, 2501), ("JP",)),
            ),
        ),
        services=(
            Service(
                host="knoppix.inetboot.net",
                http_hosts=("go.knoppix.inetboot.net",),
                via=frozenset({Door.HTTP}),
                ttl_min_s=5,
                ttl_max_s=120,
                answers=3,
                when_all_down=(ip_address("192.0.2.99"),),
                policy=("up", "nearest", "first"),
                regions={"jp": ("jp",), "default": ("jp",)},
                sticky_v4=24,
                sticky_v6=56,
                rules=(
                    Rule(Match(asns=(2500,)), "prefer", ("jp-tokyo-1",), date(2027, 3, 31)),
                    Rule(Match(countries=("NO",)), "never", ("jp",)),
                ),
                content=(ContentSet("knoppix-5.1.1", "/v1.0/", "SHA256SUMS"),),
                check=CheckSettings(
                    type="https",
                    path="/v1.0/index.idx",
                    status=(200,),
                    method="HEAD",
                    port=8443,
                    host="a.example",
                    size=10,
                    verify=False,
                ),
            ),
        ),
        probes=ProbeSettings(0.5, 0.4, 1, 2, 0.0, 3, 300.0, 60.0, "tokyo", TOKYO, "first_byte", 8, "ops@example.net"),
        limits=Limits(10, 2, 1.0, 10, 20, 3, 2.0, 3.0, 4, 5),
        users=(User("ops", "operator", "0" * 64), User("kyushu", "owner", "a" * 64, ("jp-tokyo-1",))),
        file="/etc/gslb.yaml",
        digest=parse(EVERY_KEY, "/etc/gslb.yaml").digest,
        files=(("/etc/gslb.yaml", parse(EVERY_KEY, "/etc/gslb.yaml").digest),),
    )


def test_what_is_left_out_has_the_defaults_of_the_model():
    text = """\
node: a
sites: [{id: b, region: c, location: [0, 0], addresses: [127.0.0.2], url: "http://127.0.0.2/"}]
services: [{host: d, via: [http]}]
"""
    configuration = parse(text, FILE)
    assert configuration.sites == (Site("b", "c", None, Location(0, 0), (ip_address("127.0.0.2"),), "http://127.0.0.2/"),)
    assert configuration.services == (Service("d", CheckSettings(), via=frozenset({Door.HTTP})),)
    assert configuration.listen == Listen()
    assert configuration.geo == GeoSettings()
    assert configuration.probes == ProbeSettings()
    assert configuration.limits == Limits()
    assert (configuration.zones, configuration.users, configuration.tls, configuration.user) == ((), (), None, None)


def test_the_order_of_regions_is_kept_as_the_first_is_the_default():
    assert list(parse(BASE, FILE).services[0].regions or {}) == ["jp", "us", "default"]


def test_a_finer_override_stands_for_its_unit():
    networks = [override.network for override in parse(BASE, FILE).geo.overrides]
    assert networks == [ip_network("203.0.113.0/24"), ip_network("198.51.100.0/24")]


def test_finer_overrides_that_agree_are_one():
    text = changed(
        ("198.51.100.0/25, country: US}", "198.51.100.0/25, country: US}\n    - {network: 198.51.100.128/25, country: US}")
    )
    assert len(parse(text, FILE).geo.overrides) == 2


def test_addresses_of_nameservers_written_again_are_served_once():
    text = changed(("      info ", "      ns1 60 A 192.0.2.53\n      info "))
    [zone] = parse(text, FILE).zones
    assert zone.nameservers["ns1.boot.example.net"] == (ip_address("192.0.2.53"),)
    assert zone.nameservers["ns.example.org"] == ()
    assert [(record.ttl_s, record.type) for record in zone.records if record.owner == "ns1.boot.example.net"] == [(60, 1)]


def test_an_alias_may_lead_to_a_steered_name():
    text = changed(("      info     TXT", "      www CNAME @\n      info     TXT"))
    assert "www.boot.example.net" in {record.owner for record in parse(text, FILE).zones[0].records}


def test_a_name_steered_over_http_alone_keeps_its_records():
    text = changed(("    ttl: {min", "    via: [http]\n    ttl: {min"), ("      info ", "      @ A 192.0.2.80\n      info "))
    assert "boot.example.net" in {record.owner for record in parse(text, FILE).zones[0].records}


def test_many_listeners_may_ask_for_any_port():
    text = changed(
        ('dns: ["127.0.0.1:5300"]', 'dns: ["127.0.0.1:0", "127.0.0.1:0"]'),
        ('http: ["127.0.0.1:8080"]', 'http: ["127.0.0.1:0"]'),
        ('admin: "127.0.0.1:8053"', 'admin: "127.0.0.1:0"'),
    )
    assert len(parse(text, FILE).listen.dns) == 2


def test_anchors_are_written_once_and_mean_the_same_twice():
    text = changed(
        ("location: [35.68, 139.77]\n    addresses", "location: &tokyo [35.68, 139.77]\n    addresses"),
        ("probes:\n", "probes:\n  location: *tokyo\n"),
    )
    assert parse(text, FILE).probes.location == TOKYO
