"""`sites`: the mirrors."""

from __future__ import annotations

from gslb.config.kinds import ADDRESS, COUNTRY, LOCATION, WORD, integer
from gslb.config.schema import Table, defaulted, list_of, optional, plain, required, scalar, section
from gslb.config.sections import match
from gslb.config.urls import http_url, https_url, rsync_url
from gslb.model import Site

ID = required("id", WORD, "The name of the site, in answers, events and metrics.")
REGION = required("region", WORD, "The region it is in; `regions` of a service orders them.")
COUNTRY_ = optional("country", COUNTRY, "The country it is in, for people and for `Link: …; geo=`.")
LOCATION_ = required("location", LOCATION, "Where it is. Distances to clients are measured from here.")
ADDRESSES = required(
    "addresses",
    list_of(ADDRESS, at_least=1),
    "What DNS answers, and what is probed; IPv4 and IPv6, in the order in which they are told.",
)
URL = required(
    "url",
    scalar("http:// url", http_url),
    "What HTTP redirects to. The path of the request is appended, with one slash between.",
)
URL_HTTPS = optional(
    "url_https",
    scalar("https:// url", https_url),
    "The same for https requests.",
    "not eligible for https requests",
)
WEIGHT = defaulted("weight", integer(0, 10_000), 100, "Its share of clients among equals. 0: last resort.")
CAPACITY = optional(
    "capacity",
    integer(1, 1_000_000_000),
    "In Mbit/s, for spilling over to the next region.",
    "counted by number",
)
CONTENT = optional(
    "content",
    list_of(WORD),
    "The release sets that it carries, by their names in `services[].content`.",
    "all",
)
RSYNC = optional(
    "rsync",
    scalar("rsync:// url", rsync_url),
    "The same tree as `url` from its rsync daemon: scans list it there instead of asking for every file.",
    "none",
)
ONLY = optional("only", match.MATCH, "It serves these clients alone.", "everybody")

SITE = section(ID, REGION, COUNTRY_, LOCATION_, ADDRESSES, URL, URL_HTTPS, WEIGHT, CAPACITY, CONTENT, RSYNC, ONLY)


def build(table: Table) -> Site:
    content, only = table[CONTENT], table[ONLY]
    return Site(
        id=table[ID],
        region=table[REGION],
        country=table[COUNTRY_],
        location=table[LOCATION_],
        addresses=plain(table[ADDRESSES]),
        url=table[URL],
        url_https=table[URL_HTTPS],
        weight=table[WEIGHT],
        capacity=table[CAPACITY],
        content=None if content is None else plain(content),
        rsync=table[RSYNC],
        only=None if only is None else match.build(only),
    )
