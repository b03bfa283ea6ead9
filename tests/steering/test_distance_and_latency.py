"""What geography alone costs real clients, by the round trips in data/ (their README says whose they are)."""

import csv
from pathlib import Path
from statistics import fmean, quantiles

import pytest

from gslb.model import CheckSettings, Configuration, Location, Service, Site, View
from gslb.steering import Memo, SteeringMap, compile_table
from tests.steering.world import HOST, TODAY, client, world

DATA = Path(__file__).parent / "data"
REGION_OF = dict(zip(range(9), ["us"] * 3 + ["eu"] * 3 + ["jp"] * 3, strict=True))
ORDERS = {"us": ("us", "eu", "jp"), "eu": ("eu", "us", "jp"), "jp": ("jp", "us", "eu")}


def read(name):
    with (DATA / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


def excess_ms(regions):
    """By client, how much longer its mean round trip over all slots is than to the best site."""
    places = read("places.csv")
    rtt = {row["place"]: row for row in read("rtt_ms.csv")}
    where = {row["place"]: Location(float(row["latitude"]), float(row["longitude"])) for row in places}
    names = [row["place"] for row in places[:9]]
    sites = tuple(
        Site(name, REGION_OF[number], None, where[name], world().configuration.sites[number].addresses, "http://x/")
        for number, name in enumerate(names)
    )
    service = Service(HOST, CheckSettings(), regions=regions)
    now = world(Configuration("n", "/nowhere", sites, (service,)))
    steering = SteeringMap(now.configuration, TODAY)
    found = {}
    for row in places[9:]:
        who = client(where[row["place"]])
        table = compile_table(now, [(HOST, steering.classify(HOST, who))], Memo())
        told = [table.outcomes[table.number(View.DNS4, 0, slot)].choices[0].site for slot in range(1024)]
        trips = {name: float(rtt[row["place"]][name]) for name in names}
        found[row["place"]] = fmean(trips[name] for name in told) - min(trips.values())
    return found


@pytest.mark.parametrize(("regions", "bar"), [(None, 30.0), (ORDERS, 30.0)], ids=["by distance", "by region"])
def test_the_excess_over_the_best_choice_is_bounded(regions, bar):
    found = sorted(excess_ms(regions).values())
    print(f"mean {fmean(found):.1f} ms, p90 {quantiles(found, n=10)[8]:.1f}, worst {found[-1]:.1f}")
    assert len(found) == 95
    assert fmean(found) < bar
