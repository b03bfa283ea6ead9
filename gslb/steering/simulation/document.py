"""An Outcome as the API and `gslb simulate --json` tell it."""

from __future__ import annotations

from typing import Any

from gslb.steering.simulation.outcome import Outcome, SiteSide, Spread, Whole


def document(found: Outcome, kind: str, source: str, said: str, seconds: float) -> dict[str, Any]:
    """`kind` and `source` are of the population, `said` is the sentence."""
    return {
        "world": found.world,
        "service": found.service,
        "via": found.view.door.value,
        "family": str(found.view.family),
        "population": {"kind": kind, "clients": found.clients, "source": source},
        "load_mbit_s": found.load_mbit_s,
        "sites": [
            {
                "site": row.site,
                "region": row.region,
                "capacity": row.capacity,
                "before": _side(row.before),
                "after": _side(row.after),
            }
            for row in found.sites
        ],
        "none": {"before": _share(found.none[0]), "after": _share(found.none[1])},
        "total": {"before": _whole(found.total[0]), "after": _whole(found.total[1])},
        "regions": [{"region": row.region, "before": _share(row.before), "after": _share(row.after)} for row in found.regions],
        "moved": _share(found.moved),
        "moves": [{"from": move.source, "to": move.target, "share": _share(move.share)} for move in found.moves],
        "sentence": said,
        "decisions": found.decisions,
        "seconds": round(seconds, 3),
    }


def _share(value: float) -> float:
    return round(min(1.0, value), 6)


def _spread(value: Spread | None) -> dict[str, float] | None:
    return None if value is None else value._asdict()


def _side(side: SiteSide) -> dict[str, Any]:
    return {
        "share": _share(side.share),
        "load": None if side.load is None else round(side.load, 4),
        "overloaded": side.overloaded,
        "distance_km": _spread(side.distance_km),
        "latency_ms": _spread(side.latency_ms),
    }


def _whole(whole: Whole) -> dict[str, Any]:
    return {
        "distance_km": _spread(whole.distance_km),
        "latency_ms": _spread(whole.latency_ms),
        "fits_mbit_s": None if whole.fits_mbit_s is None else round(whole.fits_mbit_s, 1),
    }
