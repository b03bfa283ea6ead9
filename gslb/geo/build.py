"""Builds the bundled database: a City database cut down to what steering between regions needs.

IPv4 is cut to /20 and IPv6 to /32. A network takes the country that most of its addresses are in, and of that
country the cell of a one-degree grid that most of those are in. A cell stands where, on average, the networks
within it are; that costs no byte more than its centre would, and is where the people are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path

import maxminddb

from gslb.errors import GeoError
from gslb.geo.blocks import SUFFIX
from gslb.geo.mmdb_writer import Tree, Value, database
from gslb.geo.schemas import Adapter, Fields, adapter_for
from gslb.geo.shelf import write_at_once, write_list

Progress = Callable[[str], None]
Entry = tuple[int, int, int]  # first address, length, number of the place; IPv4 at ::/96

CELL_V4, CELL_V6 = 96 + 20, 32
_IPV4_BLOCK = 1 << 32
_SAMPLE = 64
_REPORT_EVERY = 1_000_000
_TYPE = "GSLB-City-Lite"
_DESCRIPTION = (
    "Country and coordinates by /20 and /32 on a one-degree grid, reduced from DB-IP City Lite (CC BY 4.0)."
    " IP Geolocation by DB-IP (https://db-ip.com)"
)


class Grid:
    """The places met so far, numbered: a country's part of a cell, and the mean of the locations in it."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int] | tuple[str], int] = {}
        self._sums: list[list[float]] = []
        self.countries: list[str] = []

    def number(self, fields: Fields) -> int | None:
        """None where no country is known: the rest does not help to choose a region."""
        if fields.country is None:
            return None
        key: tuple[str, int, int] | tuple[str] = (fields.country,)
        latitude, longitude = fields.location or (0.0, 0.0)
        if fields.location is not None:
            key = (fields.country, round(latitude), round(longitude))
        number = self._numbers.setdefault(key, len(self._sums))
        if number == len(self._sums):
            self._sums.append([0.0, 0.0, 0])
            self.countries.append(fields.country)
        if fields.location is not None:
            sums = self._sums[number]
            sums[0] += latitude
            sums[1] += longitude
            sums[2] += 1
        return number

    def records(self) -> Iterator[Value]:
        for country, (latitude, longitude, count) in zip(self.countries, self._sums, strict=True):
            record: dict[str, Value] = {"country": {"iso_code": country}}
            if count:
                record["location"] = {
                    "latitude": round(latitude / count, 2),
                    "longitude": round(longitude / count, 2),
                }
            yield record


def cut(entries: Iterable[Entry], cell: int, countries: list[str]) -> Iterator[Entry]:
    """Networks longer than `cell` become one of that length each, with the place that most of its addresses
    have.

    Addresses that nobody knows have no say, so a network stands for the neighbours that are missing within
    it.
    """
    votes: dict[int, int] = defaultdict(int)
    block, shift = -1, 128 - cell
    for first, length, place in entries:
        if votes and (length <= cell or first >> shift != block):
            yield block << shift, cell, _elect(votes, countries)
            votes.clear()
        if length <= cell:
            yield first, length, place
        else:
            block = first >> shift
            votes[place] += 1 << 128 - length
    if votes:
        yield block << shift, cell, _elect(votes, countries)


def _elect(votes: dict[int, int], countries: list[str]) -> int:
    """The first met among equals, so that the same input gives the same file."""
    if len(votes) == 1:
        return next(iter(votes))
    by_country: dict[str, int] = defaultdict(int)
    for place, weight in votes.items():
        by_country[countries[place]] += weight
    country = max(by_country, key=by_country.__getitem__)
    return max((place for place in votes if countries[place] == country), key=votes.__getitem__)


def build(source: Path, out: Path, progress: Progress = lambda message: None) -> None:
    """Reduces a City database, or a directory of them (one for each family), to `out`, and lists its blocks beside it.

    Raises GeoError.
    """
    readers = _open(source)
    try:
        grid, tree = Grid(), Tree(128)
        for cell, wanted in ((CELL_V4, 4), (CELL_V6, 6)):
            for path, reader in readers:
                for entry in cut(_entries(path, reader, wanted, grid, progress), cell, grid.countries):
                    tree.add(*entry)
        if not grid.countries:
            raise GeoError(f"{source}: no record has a country")
        epoch = max(reader.metadata().build_epoch for _, reader in readers)
    except ValueError as error:
        raise GeoError(f"{source}: one database for each family is enough; these overlap") from error
    except maxminddb.InvalidDatabaseError as error:
        raise GeoError(f"{source}: {error}") from error
    finally:
        for _, reader in readers:
            reader.close()
    content = database(tree, grid.records(), _TYPE, _DESCRIPTION, epoch)
    _replace(out, content)
    progress(f"{out}: {len(content)} bytes, {len(tree)} nodes, {len(grid.countries)} places")
    del tree, grid, content
    progress(f"{out}{SUFFIX}: {len(write_list(str(out)))} blocks")


def _open(source: Path) -> list[tuple[Path, maxminddb.Reader]]:
    paths = sorted(source.glob("*.mmdb")) if source.is_dir() else [source]
    if not paths:
        raise GeoError(f"{source}: no .mmdb file in this directory")
    try:
        return [(path, maxminddb.open_database(path)) for path in paths]
    except OSError as error:
        raise GeoError(f"{source}: can't be read ({error.strerror}); check the path and its rights") from error
    except (ValueError, maxminddb.InvalidDatabaseError) as error:
        raise GeoError(f"{source}: {error}") from error


def _entries(path: Path, reader: maxminddb.Reader, family: int, grid: Grid, progress: Progress) -> Iterator[Entry]:
    metadata = reader.metadata()
    if metadata.ip_version < family:
        return
    adapter: Adapter = adapter_for((record for _, record in islice(reader, _SAMPLE)), str(path), metadata.database_type)
    for count, (network, record) in enumerate(reader, 1):
        if count % _REPORT_EVERY == 0:
            progress(f"{path.name}: {count} networks of IPv{family} read")
        if network.version > family:
            return  # IPv4 lies at ::/96, before every other network
        if network.version < family:
            continue
        place = grid.number(adapter(record)) if isinstance(record, dict) else None
        if place is not None:
            offset = 96 if isinstance(network, IPv4Network) else 0
            yield int(network.network_address), network.prefixlen + offset, place


def _replace(out: Path, content: bytes) -> None:
    try:
        write_at_once(out, content)
    except OSError as error:
        raise GeoError(f"{out}: {error.strerror}") from error
