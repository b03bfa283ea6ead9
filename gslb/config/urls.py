"""The url of a site, to which the redirector sends clients. ValueError has a sentence, as in `values`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from gslb.config import values
from gslb.config.faults import quoted

_LONGEST = 1024  # a Location is the url and a path, and stays under 2 KB
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9._-]+", re.IGNORECASE)
_ASCII = re.compile(r"[!-~]+")


class Target(NamedTuple):
    """Where a url leads: a name or an address in its shortest form, and a port."""

    host: str
    port: int


def http_url(text: str) -> str:
    return _url(text, "http", "url")


def https_url(text: str) -> str:
    return _url(text, "https", "url_https")


def root_url(read: Callable[[str], str]) -> Callable[[str], str]:
    """A url without a path."""

    def read_root(text: str) -> str:
        url = read(text)
        if url.count("/") > 3:
            raise ValueError(f"{quoted(text)} has a path, and clients ask for the same paths there as here; leave it out")
        return url

    return read_root


def receiver_url(text: str) -> str:
    """Where messages are posted: an absolute url with any path and query, as it is sent."""
    scheme, separator, rest = text.partition("://")
    if not _ASCII.fullmatch(text) or len(text) > _LONGEST or not separator or scheme not in ("http", "https") or "#" in text:
        raise ValueError("is not an absolute url of printable ASCII characters; write https://host/path")
    if "@" in re.split("[/?]", rest, maxsplit=1)[0]:
        raise ValueError("holds a user or a password; a secret belongs into a file (url_file)")
    target(text)
    return text


def dashboard_url(text: str) -> str:
    """Ends with one slash."""
    if "?" in text:
        raise ValueError("has a query; write the address of the dashboard, as https://gslb.example.net/")
    return receiver_url(text).rstrip("/") + "/"


def rsync_url(text: str) -> str:
    """An rsync daemon's url, ending with one slash."""
    scheme, separator, rest = text.partition("://")
    authority, _, path = rest.partition("/")
    host, _, port = authority.partition(":")
    sound = _ASCII.fullmatch(text) and len(text) <= _LONGEST and not set(rest) & set("?#%*[]")
    if scheme != "rsync" or not separator or not sound or not path.strip("/"):
        raise ValueError(f"{quoted(text)} is not the url of an rsync module; write rsync://host/module/")
    if "@" in authority or not _HOST.fullmatch(host) or (port and not port.isdigit()):
        raise ValueError(f"{quoted(text)} has no valid host; write rsync://host/module/, without a user")
    return f"rsync://{authority}/{path.rstrip('/')}/"


def _url(text: str, scheme: str, key: str) -> str:
    """An absolute url that a path can be appended to, ending with one slash."""
    if not _ASCII.fullmatch(text) or len(text) > _LONGEST:
        raise ValueError(f"is not up to {_LONGEST} printable ASCII characters; write the url as it is sent, %-encoded")
    written_scheme, separator, rest = text.partition("://")
    if not separator or written_scheme.lower() not in ("http", "https"):
        raise ValueError(f"{quoted(text)} is not an absolute url; write {scheme}://host/")
    if written_scheme.lower() != scheme:
        other = "url_https" if scheme == "http" else "url"
        raise ValueError(f"{quoted(text)} is not {scheme}; {key} is for {scheme}, and {other} for the other scheme")
    if "?" in rest or "#" in rest:
        raise ValueError(f"{quoted(text)} has a query or a fragment; the path of the request is appended, leave it out")
    if "@" in rest.partition("/")[0]:
        raise ValueError("holds a user or a password, which every client would see; leave it out")
    target(text)
    authority, _, path = rest.partition("/")
    path = path.rstrip("/")
    return f"{scheme}://{authority}/{path}/" if path else f"{scheme}://{authority}/"


def target(url: str) -> Target:
    """Host and port of an absolute http or https url."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{quoted(url)} has no valid host and port; write http://host:8080/") from None
    host = parts.netloc.rpartition("@")[2]
    host = host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError(f"{quoted(url)} has no valid host and port; write http://host:8080/")
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    return Target(_host(host), port)


def _host(text: str) -> str:
    if text.startswith("["):
        return str(values.ip_address(text[1:-1]))
    if text.rpartition(".")[2].isdigit():
        return str(values.ip_address(text))
    return values.host(text)
