"""`gslb import gdnsd`: what each part of a gdnsd becomes, and what is told of the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gslb.config import parse
from gslb.config.importers import import_gdnsd
from gslb.errors import ConfigurationError, UsageError
from gslb.model import CheckSettings, Configuration, Match, Rule, Service

HEAD = "@ SOA ns1 host 1 7200 30M 3D 900\n@ NS ns1\nns1 A 192.0.2.53\n"


class Given:
    """A directory of gdnsd with a zone example.net, and what is imported of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "gdnsd"
        for part in ("zones", "geoip"):
            (self.folder / part).mkdir(parents=True)

    def __call__(self, config: str, zone: str = "") -> tuple[Configuration, list[str]]:
        (self.folder / "config").write_text(config)
        (self.folder / "zones" / "example.net").write_text(HEAD + zone)
        imported = import_gdnsd(str(self.folder))
        lost = [str(note).replace(f"{self.folder}/", "") for note in imported.notes if note.lost]
        return parse(imported.text, "imported.yaml"), lost

    def told(self, config: str, zone: str = "") -> list[str]:
        self(config, zone)
        return [str(note).replace(f"{self.folder}/", "") for note in import_gdnsd(str(self.folder)).notes]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path)


def orders(service: Service) -> set[tuple[str, ...]]:
    return set((service.regions or {}).values())


POOL = "plugins => { multifo => { w => { a => 192.0.2.1, b => 192.0.2.2 } } }"


def test_multifo_is_a_region_of_which_all_are_answered(given):
    made, lost = given(POOL, "www 300/60 DYNA multifo!w\n")
    [service] = made.services
    assert lost == []
    assert [(site.id, site.region, str(site.addresses[0])) for site in made.sites] == [
        ("w-a", "w", "192.0.2.1"),
        ("w-b", "w", "192.0.2.2"),
    ]
    assert (service.host, service.answers, service.ttl_min_s, service.ttl_max_s) == ("www.example.net", 2, 60, 300)
    assert service.check == CheckSettings(type="exec", command=("/bin/true",))


def test_the_lower_ttl_is_half_the_upper_one_and_none_is_below_min_ttl(given):
    made, _ = given(POOL, "a 8 DYNA multifo!w\nb DYNA multifo!w\nc 300/1 DYNA multifo!w\n")
    assert [(one.ttl_min_s, one.ttl_max_s) for one in made.services] == [(5, 8), (43200, 86400), (5, 300)]


def test_servers_of_both_families_are_one_site(given):
    plugin = "dual => { addrs_v4 => [ 192.0.2.1 ], addrs_v6 => [ 2001:db8::1, 2001:db8::2 ] }"
    made, lost = given(f"plugins => {{ multifo => {{ {plugin} }} }}", "www 60 DYNA multifo!dual\n")
    assert lost == []
    assert [list(map(str, site.addresses)) for site in made.sites] == [["192.0.2.1", "2001:db8::1"], ["2001:db8::2"]]


def test_simplefo_and_metafo_are_orders_of_regions(given):
    config = """plugins => {
      simplefo => { pair => { primary => 192.0.2.1, secondary => 192.0.2.2 } }
      metafo => { resources => { m => { datacenters => [ x, y ], dcmap => { y => %simplefo!pair, x => 192.0.2.3 } } } } }"""
    made, lost = given(config, "p 60 DYNA simplefo!pair\nm 60 DYNA metafo!m\ny 60 DYNA metafo!m/y\n")
    assert lost == []
    assert [orders(service) for service in made.services] == [
        {("pair-primary", "pair-secondary")},
        {("x", "pair-primary", "pair-secondary")},
        {("pair-primary", "pair-secondary")},
    ]


def test_weights_are_weights(given):
    config = "plugins => { weighted => { w => { a => [ 192.0.2.1, 3 ], b => [ 192.0.2.2, 1000000 ] } } }"
    made, lost = given(config, "www 60 DYNA weighted!w\n")
    assert lost == []
    assert [site.weight for site in made.sites] == [1, 10000]
    assert made.services[0].answers == 1


def test_what_is_static_becomes_records(given):
    config = "plugins => { static => { a => 192.0.2.9, c => other.example.org. }, multifo => { w => [ 192.0.2.1 ] } }"
    made, lost = given(config, "a 60 DYNA static!a\nc 60 DYNC static!c\nw 60 DYNA multifo!w\nn 60 DYNA null\n")
    assert lost == []
    found = {(one.owner.partition(".")[0], one.type) for one in made.zones[0].records}
    assert found == {("a", 1), ("c", 5), ("n", 1), ("n", 28)}


GEO = """plugins => {{ geoip => {{
  maps => {{ m => {{ datacenters => [ us, eu, jp ], {map} }} }}
  resources => {{ r => {{ map => m, {resource} dcmap => {{ us => 192.0.2.1, eu => 192.0.2.2, jp => 192.0.2.3 }} }} }} }} }}"""
COORDS = "geoip2_db => x.mmdb, auto_dc_coords => { us => [ 38.9, -77 ], eu => [ 50.1, 8.7 ], jp => [ 35.7, 139.7 ] }"


def geo(given: Given, chart: str, resource: str = "") -> tuple[Service, list[str]]:
    made, lost = given(GEO.format(map=chart, resource=resource), "www 60 DYNA geoip!r\n")
    return made.services[0], lost


def test_networks_are_rules_and_a_finer_one_is_taken_out_of_the_wider(given):
    service, lost = geo(given, "nets => { 5.0.0.0/8 => [ eu, us, jp ], 5.128.0.0/9 => jp, 2001:db8::/32 => us }")
    assert lost == []
    assert orders(service) == {("us", "eu", "jp")}
    told = [(tuple(map(str, rule.match.networks)), rule.action, rule.targets) for rule in service.rules]
    assert told == [
        (("5.0.0.0/9",), "prefer", ("eu", "us", "jp")),
        (("5.128.0.0/9",), "prefer", ("jp",)),
        (("5.128.0.0/9",), "only", ("jp",)),
        (("2001:db8::/32",), "prefer", ("us",)),
        (("2001:db8::/32",), "only", ("us",)),
    ]


def test_networks_may_be_in_a_file(given):
    (given.folder / "geoip" / "nets").write_text("5.0.0.0/8 => [ eu ]\n::C000:0200/120 => jp\n")
    service, lost = geo(given, "nets => nets")
    assert lost == []
    assert [str(network) for rule in service.rules for network in rule.match.networks][::2] == ["5.0.0.0/8", "192.0.2.0/24"]


def test_countries_are_rules_down_from_their_continents(given):
    chart = """geoip2_db => x.mmdb, map => {
      EU => { default => [ eu ], DE => [ jp, eu, us ] }, OC => [ jp, us, eu ], AS => { JP => [ jp, us, eu ] } }"""
    service, lost = geo(given, chart)
    assert lost == []
    prefer = {rule.targets: rule.match.countries for rule in service.rules if rule.action == "prefer"}
    assert prefer["jp", "eu", "us"] == ("DE",)
    assert {"JP", "AU", "NZ"} <= set(prefer["jp", "us", "eu"])
    assert {"FR", "GB"} <= set(prefer[("eu",)])
    assert "DE" not in prefer[("eu",)]
    assert [rule.match.countries for rule in service.rules if rule.action == "only"] == [prefer[("eu",)]]


def test_auto_is_by_distance(given):
    service, lost = geo(given, COORDS)
    assert lost == []
    assert (service.regions, service.rules) == (None, ())


def test_a_limit_of_auto_cuts_the_orders(given):
    service, lost = geo(given, COORDS + ", auto_dc_limit => 2")
    assert lost == []
    assert service.regions == {"us": ("us", "eu"), "eu": ("eu", "us"), "jp": ("jp", "eu"), "default": ("us", "eu", "jp")}


def test_auto_and_lists_mix(given):
    service, lost = geo(given, COORDS + ", map => { default => [ eu, us, jp ], NA => auto }")
    assert lost == []
    assert (service.regions or {})["default"] == ("eu", "us", "jp")
    [rule] = service.rules
    assert rule.targets == ("eu", "us", "jp")
    assert "US" not in rule.match.countries
    assert "DE" in rule.match.countries


def test_skip_first_leaves_the_first_of_each_list_out(given):
    service, _ = geo(given, "nets => { 5.0.0.0/8 => [ eu, us, jp ] }", "skip_first => true,")
    assert orders(service) == {("eu", "jp")}
    assert service.rules[0] == Rule(Match(networks=service.rules[0].match.networks), "prefer", ("us", "jp"))


def test_an_empty_list_is_served_by_nobody(given):
    service, lost = geo(given, "nets => { 5.0.0.0/8 => [] }")
    assert lost == []
    assert [(rule.action, rule.targets) for rule in service.rules] == [("never", ("eu", "jp", "us"))]


MONITORED = """service_types => {{ t => {{ plugin => {plugin} }} }}
plugins => {{ multifo => {{ w => {{ service_types => t, a => 192.0.2.1 }} }} }}"""


@pytest.mark.parametrize(
    ("written", "check"),
    [
        (
            "http_status, port => 8080, vhost => W.example.org, url_path => /up, ok_codes => [ 200, 301 ]",
            CheckSettings(type="http", path="/up", port=8080, host="w.example.org", status=(200, 301)),
        ),
        ("tcp_connect, port => 9000", CheckSettings(type="tcp", port=9000)),
        ("extmon, cmd => [ /bin/check, -x ]", CheckSettings(type="exec", command=("/bin/check", "-x"))),
        (
            'extmon, cmd => [ /bin/ping, "%%ITEM%%", "http://%%ITEM%%/a b" ]',
            CheckSettings(
                type="exec", command=("/bin/sh", "-c", 'exec /bin/ping "$GSLB_ADDRESS" http://"$GSLB_ADDRESS"\'/a b\'')
            ),
        ),
        ("static, state => DOWN", CheckSettings(type="exec", command=("/bin/false",))),
        ("null", CheckSettings(type="exec", command=("/bin/false",))),
    ],
)
def test_service_types_are_checks(given, written, check):
    made, lost = given(MONITORED.format(plugin=written), "www 60 DYNA multifo!w\n")
    assert lost == []
    assert made.services[0].check == check


def test_an_extfile_is_read_by_a_shell(given, tmp_path):
    states = tmp_path / "states"
    states.write_text('192.0.2.1 => DOWN\n"192.0.2.2" => UP/30\n192.0.2.30=DOWN/10\n')
    for down, verdicts in (
        ("false", {"192.0.2.1": 1, "192.0.2.2": 0, "192.0.2.3": 0, "192.0.2.30": 1}),
        ("true", {"192.0.2.2": 0, "192.0.2.9": 1}),
    ):
        made, _ = given(MONITORED.format(plugin=f"extfile, file => {states}, def_down => {down}"), "www 60 DYNA multifo!w\n")
        for address, code in verdicts.items():
            environment = {**os.environ, "GSLB_ADDRESS": address}
            assert subprocess.run(made.services[0].check.command, env=environment, check=False).returncode == code, address


def test_how_often_and_how_many_times_is_the_nodes(given):
    config = """service_types => {
      a => { plugin => tcp_connect, port => 1, interval => 5, up_thresh => 4, down_thresh => 2, timeout => 2 },
      b => { plugin => tcp_connect, port => 2, interval => 8 } }
    plugins => { multifo => { w => { service_types => a, x => 192.0.2.1 }, v => { service_types => b, x => 192.0.2.2 } } }"""
    made, lost = given(config, "w 60 DYNA multifo!w\nv 60 DYNA multifo!v\n")
    assert (made.probes.interval_s, made.probes.timeout_s, made.probes.rise, made.probes.fall) == (5, 2, 4, 2)
    assert lost == ["config:3: interval 8 of b: all checks of a node share it, and 5 is taken"]


def test_options(given):
    options = """listen => { 192.0.2.1 => {}, "[2001:db8::1]:5353" => {}, 192.0.2.2:5300 => {} },
      dns_port => 5301, tcp_timeout => 15, nsid_ascii => gd-1, zones_default_ttl => 120"""
    made, lost = given(f"options => {{ {options} }} {POOL}", "www DYNA multifo!w\n")
    assert lost == []
    assert list(map(str, made.listen.dns)) == ["192.0.2.1:5301", "[2001:db8::1]:5353", "192.0.2.2:5300"]
    assert (made.node, made.limits.tcp_idle_s, made.services[0].ttl_max_s) == ("gd-1", 30, 120)


def test_zone_files_in_gdnsds_own_writing(given):
    (given.folder / "zones" / "includes").mkdir()
    (given.folder / "zones" / "includes" / "foo").write_text(
        "$TTL 77\n$ORIGIN bar\nasdf A 192.0.2.1\n$ORIGIN baz.@F\nasdf A 192.0.2.2\n$ORIGIN quux.@Z\nasdf A 192.0.2.3\n"
    )
    long = "x" * 300
    made, lost = given(POOL, f'www 60 DYNA multifo!w\n$INCLUDE includes/foo foo\nt TXT "{long}"\n_acme-challenge TXT a\n')
    assert lost == []
    found = {one.owner: (one.ttl_s, one.rdata) for one in made.zones[0].records}
    names = ["asdf.bar.foo", "asdf.baz.foo", "asdf.quux"]
    assert [found[f"{name}.example.net"] for name in names] == [(77, bytes((192, 0, 2, number))) for number in (1, 2, 3)]
    assert found["t.example.net"] == (86400, b"\xff" + b"x" * 255 + b"\x2d" + b"x" * 45)
    assert found["_acme-challenge.example.net"][0] == 0
    assert made.zones[0].negative_ttl_s == 900


@pytest.mark.parametrize(
    ("config", "zone", "note"),
    [
        ("strange => {} " + POOL, "", "config:1: strange is not a key of a configuration; left out"),
        ("options => { chaos_response => x } " + POOL, "",
         "config:1: chaos_response of the options has no counterpart; left out"),
        ("options => { edns_client_subnet => false } " + POOL, "",
         "config:1: edns_client_subnet false has no counterpart; here it is true"),
        ("options => { listen => here } " + POOL, "", 'config:1: "here" is not an address to listen on; left out'),
        (POOL.replace("a =>", "up_thresh => 0.2, a =>"), "", "config:1: up_thresh of w has no counterpart: "
         "a region keeps clients by the share of it that is up"),
        (POOL.replace("a =>", "service_types => [ x ], a =>"), "", 'config:1: the service type "x" is not defined; left out'),
        (POOL.replace("b =>", "b => here, c =>"), "", 'config:1: b: "here" is not an IPv4 or IPv6 address; left out'),
        (POOL.replace("plugins => {", "plugins => { geo => {}, "), "", "config:1: the plug-in geo has no counterpart; left out"),
        (POOL, "x 60 DYNA reflect\n", "zones/example.net:5: reflect has no counterpart; left out"),
        (POOL, "x 60 DYNA multifo!none\n", "zones/example.net:5: multifo!none is not defined; left out"),
        (POOL, "*.x 60 DYNA multifo!w\n", 'zones/example.net:5: "*.x.example.net" is not a host name; a label is 1 to 63 of a-z, '
         "0-9 and -; the name is left out"),
        (POOL, "www 60 DYNA multifo!w\n", "zones/example.net:5: www.example.net is steered already; left out"),
        (POOL, "x MX 10 www\n", "zones/example.net:5: x.example.net MX: www.example.net is steered, each client would get "
         "another host; name one that is not (left out)"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_told_with_its_line(given, config, zone, note):
    assert given(config, "www 60 DYNA multifo!w\n" + zone)[1] == [note]


@pytest.mark.parametrize(
    ("chart", "resource", "note"),
    [
        ("geoip2_db => x.mmdb, map => { XX => [ us ] }", "", '"XX" is not a continent; left out'),
        ("geoip2_db => x.mmdb, map => { EU => { US => [ us ] } }", "", '"US" is not a country of EU; left out'),
        ("geoip2_db => x.mmdb, map => { EU => { DE => { BE => [ us ] } } }", "", '"BE" is a part of DE; countries are not '
         "divided here, it gets what DE gets"),
        ("geoip2_db => x.mmdb, map => { EU => auto }", "", "auto needs auto_dc_coords; left out"),
        ("nets => { 5.0.0.0/8 => [ mars ] }", "", '"mars" is not a datacenter of the map; left out'),
        ("nets => { here => [ us ] }", "", '"here" is not a network; left out'),
        ("nets => { 5.0.0.0/25 => us, 5.0.0.128/25 => eu }", "", "5.0.0.128/25 lies in 5.0.0.0/24, which is steered as one, and "
         "has other datacenters already; left out"),
        ("ignore_ecs => true", "", "ignore_ecs of the map m has no counterpart: client subnets are used for www.example.net"),
        ("strange => 1", "", "strange of the map m has no counterpart; left out"),
        ("nets => { 5.0.0.0/8 => us }", "strange => 1,", "strange of geoip!r has no counterpart; left out"),
    ],
)  # fmt: skip
def test_what_a_map_has_that_ours_has_not_is_told(given, chart, resource, note):
    lost = geo(given, chart, resource)[1]
    assert [one.partition(": ")[2] for one in lost] == [note]


def test_aliases_are_told_and_the_rest_of_a_resource_is_taken(given):
    config = """plugins => { metafo => { resources => {
      m => { datacenters => [ a, b ], dcmap => { a => 192.0.2.1, b => other.example.org. } } } } }"""
    made, lost = given(config, "www 60 DYNC metafo!m\n")
    assert lost == ["config:2: m/b answers an alias, and steered names answer addresses; left out"]
    assert [str(site.addresses[0]) for site in made.sites] == ["192.0.2.1"]


def test_resources_that_refer_to_each_other_end(given):
    config = """plugins => { multifo => { w => [ 192.0.2.1 ] }, metafo => { resources => {
      m => { datacenters => [ a ], dcmap => { a => %metafo!m } } } } }"""
    _, lost = given(config, "w 60 DYNA multifo!w\nm 60 DYNA metafo!m\n")
    assert lost == ["config:2: metafo!m has no datacenter with addresses; left out"]


def test_a_map_behind_a_failover_keeps_its_order(given):
    config = GEO.format(map="nets => { 5.0.0.0/8 => [ jp ] }", resource="")[:-1]
    config += "metafo => { resources => { m => { datacenters => [ real, last ], "
    config += "dcmap => { real => %geoip!r, last => 192.0.2.9 } } } } }"
    made, lost = given(config, "www 60 DYNA metafo!m\n")
    assert lost == []
    assert orders(made.services[0]) == {("us", "eu", "jp", "after-1")}
    assert made.services[0].rules[0].targets == ("jp", "after-1")


def test_what_is_written_otherwise_is_told_and_not_lost(given):
    told = given.told(
        "options => { udp_threads => 2 } " + GEO.format(map="nets => { 10.0.0.0/25 => us }", resource=""), "www 60 DYNA geoip!r\n"
    )
    assert told == [
        "config:1: udp_threads is of gdnsd's own process; left out",
        "config:2: 10.0.0.0/25 is private: clients in it that a resolver tells of are placed by that resolver",
        "config:2: 10.0.0.0/25 stands for 10.0.0.0/24, the finest that is steered",
    ]


def test_a_directory_without_steered_names_gives_its_zones(given):
    with pytest.raises(ConfigurationError):
        given("", "www A 192.0.2.1\n")
    imported = import_gdnsd(str(given.folder))
    assert imported.whole
    assert "zones:\n" in imported.text
    assert "node:" not in imported.text


def test_the_same_directory_gives_the_same_text(given):
    given(POOL, "www 60 DYNA multifo!w\n")
    assert import_gdnsd(str(given.folder)) == import_gdnsd(str(given.folder))


def test_what_can_not_be_read_is_wrong_usage(tmp_path, given):
    with pytest.raises(UsageError, match="config:1: can't be read: No such file or directory"):
        import_gdnsd(str(tmp_path / "nowhere"))
    (given.folder / "config").write_text("options => {\n")
    with pytest.raises(UsageError, match=r"config:1: has a \{ that is never closed"):
        import_gdnsd(str(given.folder))
