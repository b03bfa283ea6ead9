"""Mirrors of Mirrorbits as sites: what a setting becomes here, and what has no counterpart.

Mirrorbits knows mirrors by their names in DNS; a site has addresses, which are what is probed, and where DNS sends clients.
So names are looked up, by `resolve`, once, now. Where a mirror has no coordinates its country has, by `centroid`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gslb.config import urls, values
from gslb.config.countries import COUNTRIES
from gslb.config.faults import one_line
from gslb.config.importers.continents import CONTINENTS
from gslb.config.importers.document import accepted, dumped, flow, flow_map
from gslb.config.importers.mirrorbits.read import Mirror, read_mirrors
from gslb.config.importers.notes import Imported, Notes
from gslb.config.tree import Unreadable
from gslb.errors import UsageError

Resolve = Callable[[str], Sequence[str]]
Centroid = Callable[[str], tuple[float, float] | None]

_HEADING: Final = """\
Imported from {file} by `gslb import mirrorbits`. Look at what it told, then at:
- node: its name, and state_dir; listen;
- services: `host`, `check` (name a file that every mirror has), and `content` for the release sets;
- sites: `addresses` are what the names were when this was written."""
_LONGEST: Final = 48
_MOST_ADDRESSES: Final = 8
_CONTINENT_OF: Final = {country: name for name, countries in CONTINENTS.items() for country in countries}


def import_mirrorbits(path: str, host: str, resolve: Resolve, centroid: Centroid) -> Imported:
    """`host` is the name of the service. Raises UsageError where the file can't be read, or has no mirror that can be taken."""
    notes = Notes()
    try:
        mirrors = read_mirrors(path, notes)
    except Unreadable as fault:
        raise UsageError(f"{path}:{fault.line}: {fault.message}") from None
    try:
        service = values.host(host)
    except ValueError as error:
        raise UsageError(f"--service: {error}") from None
    writer = _Writer(notes, resolve, centroid)
    sites = CommentedSeq(site for mirror in mirrors if (site := writer.site(mirror)) is not None)
    if not sites:
        first = next(iter(notes), None)
        raise UsageError(f"{path}:1: has no mirror that can be taken" + (f"; the first: {first}" if first else ""))
    text = accepted([], lambda: _document(path, service, sites, writer.rules), notes, alone=False)
    return Imported(text, tuple(notes))


def _document(path: str, host: str, sites: CommentedSeq, rules: Sequence[CommentedMap]) -> str:
    service: dict[str, Any] = {"host": host, "via": flow(["http"]), "check": flow_map({"path": "/"})}
    if rules:
        service["rules"] = CommentedSeq(rules)
    whole = {"node": "imported", "sites": sites, "services": CommentedSeq([CommentedMap(service)])}
    return dumped(whole, _HEADING.format(file=one_line(os.path.basename(path))))


class _Writer:
    def __init__(self, notes: Notes, resolve: Resolve, centroid: Centroid) -> None:
        self._notes, self._resolve, self._centroid = notes, resolve, centroid
        self._names: set[str] = {name.lower() for name in CONTINENTS}
        self.rules: list[CommentedMap] = []

    def site(self, mirror: Mirror) -> CommentedMap | None:
        """None, and a note, where it can't be one."""
        if mirror.get("Enabled") == "false":
            self._notes.changed(mirror.place, f"{mirror.name} is disabled; left out")
            return None
        try:
            told = self._urls(mirror)
            addresses = self._addresses(mirror, told)
            country, continent = self._country(mirror)
            location = self._location(mirror, country)
        except ValueError as error:
            self._notes.lost(mirror.place, f"{mirror.name} is left out: {error}")
            return None
        id = self._name(mirror)
        site: dict[str, Any] = {"id": id, "region": continent.lower() or "world"}
        site |= {"country": country} if country else {}
        site |= {"location": flow(location), "addresses": flow(addresses), **told, **self._weight(mirror)}
        site |= self._rsync(mirror) | self._only(mirror, country, continent)
        self._rule(mirror, id)
        self._tell_rest(mirror)
        return CommentedMap(site)

    def _urls(self, mirror: Mirror) -> dict[str, str]:
        text = mirror.get("HttpURL")
        if not text:
            raise ValueError("it has no HttpURL")
        if "://" not in text:
            text = f"http://{text}"
        if not text.lower().startswith("https://"):
            return {"url": urls.http_url(text)}
        url_https = urls.https_url(text)
        if urls.target(url_https).port != 443:
            raise ValueError("it is https alone, on a port of its own; a site needs a url for http requests as well")
        self._notes.changed(
            mirror.at("HttpURL"), f"{mirror.name} is told as https; `url` supposes that it serves http too: look, or take it out"
        )
        return {"url": "http" + url_https.removeprefix("https").replace(":443/", "/", 1), "url_https": url_https}

    def _addresses(self, mirror: Mirror, told: dict[str, str]) -> list[str]:
        host = urls.target(told["url"]).host
        try:
            found = [str(values.ip_address(host))]
        except ValueError:
            found = list(self._resolve(host))
        good = [address for address in dict.fromkeys(found) if _usable(address)]
        if not good:
            raise ValueError(f"{host} has no address that can be looked up here; write `addresses` by hand")
        if len(good) > _MOST_ADDRESSES:
            self._notes.lost(mirror.at("HttpURL"), f"{host} has {len(good)} addresses; the first {_MOST_ADDRESSES} are taken")
        return good[:_MOST_ADDRESSES]

    def _country(self, mirror: Mirror) -> tuple[str, str]:
        """Its first country, and its continent; "" where they are not known."""
        codes = _codes(mirror.get("CountryCodes"))
        if len(codes) > 1:
            self._notes.changed(mirror.at("CountryCodes"), f"{mirror.name} counts for {', '.join(codes)}; here for {codes[0]}")
        country = codes[0] if codes else ""
        told = mirror.get("ContinentCode").upper()
        return country, told if told in CONTINENTS else _CONTINENT_OF.get(country, "")

    def _location(self, mirror: Mirror, country: str) -> list[float]:
        try:
            latitude, longitude = float(mirror.get("Latitude")), float(mirror.get("Longitude"))
        except ValueError:
            latitude = longitude = 0.0
        if (latitude, longitude) != (0, 0) and abs(latitude) <= 90 and abs(longitude) <= 180:
            return [round(latitude, 4), round(longitude, 4)]
        middle = self._centroid(country) if country else None
        if middle is None:
            raise ValueError("nothing tells where it is; write `location` by hand")
        self._notes.changed(mirror.place, f"{mirror.name} has no coordinates; it stands in the middle of {country}")
        return [round(degrees, 4) for degrees in middle]

    def _weight(self, mirror: Mirror) -> dict[str, int]:
        text = mirror.get("Score")
        if not re.fullmatch(r"[+-]?\d{1,9}", text) or int(text) == 0:
            return {}
        weight = min(10_000, max(1, 100 + int(text)))
        self._notes.changed(mirror.at("Score"), f"{mirror.name} has a score of {int(text)}; here a weight of {weight}")
        return {"weight": weight}

    def _rsync(self, mirror: Mirror) -> dict[str, str]:
        text = mirror.get("RsyncURL")
        try:
            return {"rsync": urls.rsync_url(text)} if text else {}
        except ValueError as error:
            self._notes.lost(mirror.at("RsyncURL"), f"{error}; left out")
            return {}

    def _only(self, mirror: Mirror, country: str, continent: str) -> dict[str, CommentedMap]:
        """The narrowest of its bounds."""
        asn = mirror.get("ASNum")
        if mirror.get("ASOnly") == "true" and re.fullmatch(r"[1-9]\d{0,8}", asn):
            return {"only": flow_map({"asn": flow([int(asn)])})}
        if mirror.get("CountryOnly") == "true" and country:
            return {"only": flow_map({"country": flow(_codes(mirror.get("CountryCodes")))})}
        if mirror.get("ContinentOnly") == "true" and continent:
            return {"only": flow_map({"country": flow([code for code in CONTINENTS[continent] if code in COUNTRIES])})}
        for key in ("ASOnly", "CountryOnly", "ContinentOnly"):
            if mirror.get(key) == "true":
                self._notes.lost(mirror.at(key), f"{mirror.name}: {key} says for whom it is, and nothing says which; left out")
        return {}

    def _rule(self, mirror: Mirror, id: str) -> None:
        excluded = _codes(mirror.get("ExcludedCountryCodes"))
        if excluded:
            self.rules.append(flow_map({"match": flow_map({"country": flow(excluded)}), "never": flow([id])}))

    def _tell_rest(self, mirror: Mirror) -> None:
        if mirror.get("AllowRedirects") == "true":
            self._notes.lost(mirror.at("AllowRedirects"), f"{mirror.name} may redirect; here a site that does is down")
        if mirror.get("CustomData"):
            self._notes.lost(mirror.at("CustomData"), "CustomData has no counterpart; left out")

    def _name(self, mirror: Mirror) -> str:
        wanted = re.sub(r"[^a-z0-9._-]+", "-", mirror.name.lower())[:_LONGEST].strip("._-") or "unnamed"
        found = next(name for name in _numbered(wanted) if name not in self._names and name != "world")
        self._names.add(found)
        return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _codes(text: str) -> list[str]:
    """Countries; what is none is left out."""
    return list(dict.fromkeys(code for code in re.split(r"[ ,]+", text.upper()) if code in COUNTRIES))


def _usable(address: str) -> bool:
    try:
        values.address(address)
    except ValueError:
        return False
    return True
