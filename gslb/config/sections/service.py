"""`services`: what clients ask for, and how they are steered."""

from __future__ import annotations

from typing import Literal, cast

from gslb.config import values
from gslb.config.faults import Faults
from gslb.config.kinds import ADDRESS, DAY, HOST, TTL, WORD, integer
from gslb.config.schema import (
    Kind,
    Located,
    Node,
    Table,
    as_mapping,
    choice,
    defaulted,
    implied,
    list_of,
    map_of,
    optional,
    plain,
    required,
    scalar,
    section,
)
from gslb.config.sections import boot, check, content, match
from gslb.config.tree import Listing
from gslb.config.urls import http_url, https_url, root_url
from gslb.model import Address, Door, Rule, Service

FILTERS = Service(host="", check=check.DEFAULTS).policy
DEFAULTS = Service(host="", check=check.DEFAULTS)

# rules
MATCH = required("match", match.MATCH, "Which clients: those that any of the keys within names.")
TARGETS = list_of(WORD, at_least=1, or_one=True)
PREFER = optional("prefer", TARGETS, "These sites or regions come first, in this order.")
ONLY = optional("only", TARGETS, "No other sites or regions serve these clients.")
NEVER = optional("never", TARGETS, "These sites or regions never serve these clients.")
UNTIL = optional("until", DAY, "The last day on which the rule holds (UTC).", "for ever")
ACTIONS = (PREFER, ONLY, NEVER)
RULE = section(MATCH, PREFER, ONLY, NEVER, UNTIL)

TTL_MIN = defaulted("min", TTL, DEFAULTS.ttl_min_s, "The TTL while a change is near.", "15s")
TTL_MAX = defaulted("max", TTL, DEFAULTS.ttl_max_s, "The TTL while all is quiet.", "60s")
STICKY_V4 = defaulted("v4", integer(8, 24), DEFAULTS.sticky_v4, "Bits of an IPv4 address.")
STICKY_V6 = defaulted("v6", integer(16, 56), DEFAULTS.sticky_v6, "Bits of an IPv6 address.")

AllDown = Literal["open", "closed"] | tuple[Address, ...]


def _when_all_down(node: Node, faults: Faults) -> AllDown | None:
    if isinstance(node.tree, Listing):
        addresses = list_of(ADDRESS, at_least=1).read(node, faults)
        return None if addresses is None else plain(addresses)
    return cast(AllDown | None, choice("open", "closed").read(node, faults))


def _region(text: str) -> str:
    return values.word(text)


HOST_ = required("host", HOST, "The name that is steered: in DNS (A, AAAA), and over HTTP (Host).")
HTTP_HOSTS = defaulted("http_hosts", list_of(HOST), (), "Further names under which the redirector serves this service.", "none")
PUBLIC_URL = optional(
    "public_url",
    scalar("http:// url", root_url(http_url)),
    "Where clients reach the redirector for this service, if its own name and port do not lead there: behind a proxy, say.",
    "the first of `http_hosts`, or the host if DNS does not steer it, at the first port of `listen.http`",
)
PUBLIC_URL_HTTPS = optional(
    "public_url_https", scalar("https:// url", root_url(https_url)), "The same for https requests.", "by `listen.https`"
)
VIA = defaulted(
    "via",
    list_of(choice("dns", "http"), at_least=1),
    (),
    "The doors. `[http]` leaves the addresses of the name to `records`; they then name the redirector.",
    "[dns, http]",
)
TTL_ = implied("ttl", section(TTL_MIN, TTL_MAX), "Bounds of the TTL of steered answers.")
ANSWERS = defaulted(
    "answers",
    integer(1, 16),
    DEFAULTS.answers,
    "Addresses in one DNS answer, best first. Boot loaders try only the first they see.",
)
WHEN_ALL_DOWN: Kind[AllDown] = Kind("open, closed, or list: address", _when_all_down)
WHEN_ALL_DOWN_ = defaulted(
    "when_all_down",
    WHEN_ALL_DOWN,
    DEFAULTS.when_all_down,
    "`open`: every site but those drained or with wrong content. `closed`: none. A list: these addresses.",
)
POLICY = defaulted(
    "policy",
    list_of(choice(*FILTERS), at_least=1),
    (),
    "The chain of filters, in order.",
    f"[{', '.join(FILTERS)}]",
)
REGIONS = optional(
    "regions",
    map_of(_region, list_of(WORD, at_least=1), "home region: [regions in order]"),
    "The order of regions for clients, by home region (that of the nearest site). `default` is for clients that nobody knows.",
    "by distance",
)
STICKY = implied("sticky", section(STICKY_V4, STICKY_V6), "Length of the client network that stays together.")
RULES = defaulted("rules", list_of(RULE), (), "By client, before everything else.", "none")
CONTENT = defaulted("content", list_of(content.CONTENT_SET), (), "Release sets: files that belong together.", "none")
BOOT = defaulted("boot", list_of(boot.IMAGE), (), "What `/~boot/NAME.sh` and `/~boot/NAME.ipxe` boot.", "none")
SERVE_THROUGH = implied("serve_through", boot.SERVE_THROUGH, "Clients that get the bytes instead of a redirect.")
CHECK = implied("check", check.CHECK, "How a site is probed for this service.")

SERVICE = section(
    HOST_,
    HTTP_HOSTS,
    PUBLIC_URL,
    PUBLIC_URL_HTTPS,
    VIA,
    TTL_,
    ANSWERS,
    WHEN_ALL_DOWN_,
    POLICY,
    REGIONS,
    STICKY,
    RULES,
    CONTENT,
    BOOT,
    SERVE_THROUGH,
    CHECK,
)


def build(table: Table) -> Service:
    ttl, sticky, regions = table[TTL_], table[STICKY], table[REGIONS]
    return Service(
        host=table[HOST_],
        check=check.build(table[CHECK]),
        http_hosts=plain(table[HTTP_HOSTS]),
        via=frozenset(doors(table)),
        ttl_min_s=ttl[TTL_MIN],
        ttl_max_s=ttl[TTL_MAX],
        answers=table[ANSWERS],
        when_all_down=table[WHEN_ALL_DOWN_],
        policy=plain(table[POLICY]) or FILTERS,
        regions=None if regions is None else {key: plain(order) for key, order in as_mapping(regions).items()},
        sticky_v4=sticky[STICKY_V4],
        sticky_v6=sticky[STICKY_V6],
        rules=tuple(_rule(rule) for rule in plain(table[RULES])),
        content=tuple(content.build(item) for item in plain(table[CONTENT])),
        boot=tuple(boot.build(item) for item in plain(table[BOOT])),
        serve_through=boot.build_serve_through(table[SERVE_THROUGH]),
        public_url=table[PUBLIC_URL],
        public_url_https=table[PUBLIC_URL_HTTPS],
    )


def doors(table: Table) -> tuple[Door, ...]:
    return tuple(Door(word) for word in plain(table.value(VIA))) or tuple(Door)


def actions(rule: Table) -> list[tuple[str, tuple[Located[str], ...]]]:
    """What of prefer, only and never is written, with its targets; sound rules have one."""
    found = []
    for key in ACTIONS:
        targets = rule.value(key)
        if key in rule:
            found.append((key.name, targets or ()))
    return found


def _rule(table: Table) -> Rule:
    [(action, targets)] = actions(table)
    named = cast(Literal["prefer", "only", "never"], action)
    return Rule(match.build(table[MATCH]), named, plain(targets), table[UNTIL])
