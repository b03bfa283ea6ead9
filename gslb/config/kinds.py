"""The kinds of value that more than one section has."""

from __future__ import annotations

import re

from gslb.config import values
from gslb.config.faults import Faults
from gslb.config.schema import Kind, Node, list_of, scalar
from gslb.config.tree import Listing, Scalar
from gslb.model import Location

WORD = scalar("name", values.word)
TEXT = scalar("text", values.line_of_text)
BOOLEAN = scalar("true or false", values.boolean)
HOST = scalar("host name", values.host)
ADDRESS = scalar("address", values.address)
ADDRESSES = list_of(ADDRESS)
NETWORK = scalar("network", values.network)
COUNTRY = scalar("country code", values.country)
ASN = scalar("AS number", values.asn)
DAY = scalar("date", values.day)
END = scalar("date or time", values.end)
TTL = scalar("duration", values.ttl_s)
SHA256 = scalar("SHA-256 in hexadecimal", values.hexadecimal_sha256)
ENDPOINT = scalar("address:port", values.endpoint)


def integer(low: int, high: int) -> Kind[int]:
    return scalar(f"whole number, {low} to {high}", values.integer_between(low, high))


def duration(low_s: float, high_s: float) -> Kind[float]:
    words = f"duration, {values.written(low_s)} to {values.written(high_s)}"
    return scalar(words, values.duration_between(low_s, high_s))


def _url_path(text: str) -> str:
    if not re.fullmatch(r"/[!-~]*", text) or len(text) > 1024 or "#" in text:
        raise ValueError("is not a path; write it from its first slash on, %-encoded, as /archives/index.idx")
    return text


URL_PATH = scalar("path of a url", _url_path)


def _relative_path(text: str) -> str:
    parts = text.split("/")
    if not re.fullmatch(r"[!-~]+", text) or len(text) > 1024 or any(mark in text for mark in "?#%\\"):
        raise ValueError("is not a path below the prefix; write it as the manifest does, as images/index.idx")
    if "" in parts or "." in parts or ".." in parts:
        raise ValueError('is not a plain path below the prefix; leave out slashes at its ends, "." and ".."')
    return text


RELATIVE_PATH = scalar("path below the prefix", _relative_path)


def _file(text: str) -> str:
    if not text.isprintable() or len(text) > 4096:
        raise ValueError("is not the name of a file")
    return text


FILE = scalar("file", _file)


def _location(node: Node, faults: Faults) -> Location | None:
    tree = node.tree
    items = tree.items if isinstance(tree, Listing) else ()
    texts = [item.text for item in items if isinstance(item, Scalar)]
    if len(items) != 2 or len(texts) != 2:
        faults.add(node.line, node.path, "is not a place; write [latitude, longitude], as [35.68, 139.77]")
        return None
    try:
        latitude, longitude = values.number(texts[0]), values.number(texts[1])
    except ValueError as error:
        faults.add(node.line, node.path, str(error))
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        swapped = " (are the two swapped?)" if -90 <= longitude <= 90 and -180 <= latitude <= 180 else ""
        place = f"[{texts[0]}, {texts[1]}]"
        message = f"{place} is not on Earth; latitude is -90 to 90, longitude -180 to 180{swapped}"
        faults.add(node.line, node.path, message)
        return None
    return Location(latitude, longitude)


LOCATION = Kind("[latitude, longitude]", _location)
