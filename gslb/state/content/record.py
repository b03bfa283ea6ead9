"""How one site holds one release set at one address, as the looks at it tell.

The problem. A look in every round sees a few files; a full scan sees them all, and takes long. Wrong bytes are worse than
none, a file that is missing breaks a boot, and files of two generations mixed break it too. So a set is taken from a site on
much evidence, and no more from it on little.

The rules.
- A file that is wrong puts the site out at once (wrong), one that is missing too (absent): no second look.
- Good is who has passed a full scan of the generation that it has, and every look since. So who comes to a new generation,
  was absent, or was away (its probes said down, or nobody could look for five minutes) is scanned first. A look that finds all
  well asks for that scan; one that fails is asked for again after twice the time, of another generation soon.
- From wrong there is one way back: as many good rounds as it takes to come up (`rise`), and a full scan among them.
- Nobody could look for three intervals: unknown, until the next look. What was wrong stays wrong.
- A scan that can't be made keeps nobody out for ever: after five minutes, or when it fails for want of an answer, the site is
  unknown, which ranks behind those that are known to hold the set.

Time is an argument; the record is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gslb.model import Hold, ProbeSettings
from probes.content.model import ContentResult, Look

FRESH_INTERVALS = 3
PATIENCE_S = 300.0
FORGET_S = 300.0
LONGEST_GAP_S = FORGET_S / FRESH_INTERVALS
LONGEST_DOUBLING = 12


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """Times are of the monotonic clock. `generation` is the one that the site had when it was last looked at.

    `scanned` is the generation of which a full scan has found every file good; "" since that is in doubt. `fault` is what the
    last full scan of this generation found instead, `failed_scans` how many in a row found something that rounds had not.
    `goods` counts good rounds since it was wrong, `good_s` is when the last was. `wants_scan`: the last look was good, and a
    scan is missing.
    """

    hold: Hold
    reason: str
    since_s: float
    generation: str = ""
    scanned: str = ""
    fault: str = ""
    goods: int = 0
    good_s: float | None = None
    last_s: float | None = None  # that somebody looked, and could
    asked_s: float | None = None  # that somebody looked in a round, in vain or not
    gap_s: float = 0.0  # between the last two such looks: with very many sites rounds take longer than an interval
    waits_since_s: float | None = None  # for a full scan
    scan_after_s: float | None = None  # no scan is asked for before
    failed_scans: int = 0
    wants_scan: bool = False

    def scan_due(self, now_s: float) -> bool:
        return self.wants_scan and (self.scan_after_s is None or now_s >= self.scan_after_s)


def fresh_record(now_s: float) -> ContentRecord:
    return ContentRecord(Hold.UNKNOWN, "not looked at yet", now_s)


def step(record: ContentRecord, result: ContentResult, every_s: float, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """The record after a look. `every_s` is the time between two scans."""
    if result.full and result.look is Look.GOOD and record.generation not in ("", result.generation):
        result = replace(result, full=False)  # it began before a round saw another generation, or ended before one saw this
    stepped = _STEPS[result.look](record, result, settings, now_s)
    if result.full:
        believed = record.wants_scan or record.hold is Hold.GOOD
        stepped = _scanned(stepped, result, every_s, settings, now_s, believed=believed)
    else:
        gap_s = 0.0 if record.asked_s is None else min(now_s - record.asked_s, LONGEST_GAP_S)
        stepped = replace(stepped, asked_s=now_s, gap_s=gap_s)
    since_s = record.since_s if stepped.hold is record.hold else now_s
    return replace(stepped, since_s=since_s)


def _good(record: ContentRecord, result: ContentResult, settings: ProbeSettings, now_s: float) -> ContentRecord:
    new = result.generation != record.generation
    whole = bool(result.generation) and (result.full or record.scanned == result.generation)
    looked = replace(
        record,
        generation=result.generation,
        scanned=result.generation if whole else "",
        fault="" if new or whole else record.fault,
        last_s=now_s,
        wants_scan=not whole,
    )
    if new:
        looked = _anew(looked, settings, now_s)
    if record.hold is Hold.WRONG:
        return _mending(looked, result.reason, whole, settings, now_s)
    if whole:
        return replace(looked, hold=Hold.GOOD, reason=result.reason, waits_since_s=None)
    return _waiting(looked, first=record.last_s is None, now_s=now_s)


def _anew(record: ContentRecord, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """What scans found was of another generation: this one is not made to wait for that."""
    soon_s = now_s + FRESH_INTERVALS * settings.interval_s
    after_s = None if record.scan_after_s is None else min(record.scan_after_s, soon_s)
    return replace(record, failed_scans=0, scan_after_s=after_s)


def _mending(record: ContentRecord, reason: str, whole: bool, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """Looks that follow at once upon each other say what one says."""
    if record.good_s is None or now_s - record.good_s >= settings.interval_s / 2:
        record = replace(record, goods=record.goods + 1, good_s=now_s)
    if whole and record.goods >= settings.rise:
        return replace(record, hold=Hold.GOOD, reason=reason, goods=0, good_s=None)
    return record


def _waiting(record: ContentRecord, *, first: bool, now_s: float) -> ContentRecord:
    """Well as far as was looked, but not all of it was. Who was never looked at before is not known yet; others are out."""
    if record.fault:
        return replace(record, hold=Hold.ABSENT, reason=record.fault, waits_since_s=None)
    what = f"generation {short(record.generation)} is there, and not all of its files have been looked at yet"
    if record.waits_since_s is None:
        hold = Hold.UNKNOWN if first else Hold.ABSENT
        return replace(record, hold=hold, reason=what, waits_since_s=now_s)
    if now_s - record.waits_since_s < PATIENCE_S:
        return replace(record, reason=what)
    return replace(record, hold=Hold.UNKNOWN, reason=f"{what}: no scan has come to an end in {PATIENCE_S / 60:g} minutes")


def _absent(record: ContentRecord, result: ContentResult, settings: ProbeSettings, now_s: float) -> ContentRecord:
    if record.hold is Hold.WRONG:
        return _ill(record, Hold.WRONG, f"{result.reason}; it was wrong before", result, now_s)
    return _ill(record, Hold.ABSENT, result.reason, result, now_s)


def _wrong(record: ContentRecord, result: ContentResult, settings: ProbeSettings, now_s: float) -> ContentRecord:
    return _ill(record, Hold.WRONG, result.reason, result, now_s)


def _ill(record: ContentRecord, hold: Hold, reason: str, result: ContentResult, now_s: float) -> ContentRecord:
    return replace(
        record,
        hold=hold,
        reason=reason,
        generation=result.generation,
        scanned="",
        fault=reason if result.full else record.fault if result.generation == record.generation else "",
        goods=0,
        good_s=None,
        last_s=now_s,
        waits_since_s=None,
        wants_scan=False,
    )


def _unknown(record: ContentRecord, result: ContentResult, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """Nobody could look: what was known stays for a while. But a scan that can't be made is waited for no longer."""
    record = replace(record, wants_scan=False)
    hopeless = result.full and record.waits_since_s is not None
    if record.hold is Hold.WRONG or not (record.last_s is None or hopeless):
        return record
    return replace(record, hold=Hold.UNKNOWN, reason=result.reason)


_STEPS = {Look.GOOD: _good, Look.ABSENT: _absent, Look.WRONG: _wrong, Look.UNKNOWN: _unknown}


def _scanned(
    record: ContentRecord, result: ContentResult, every_s: float, settings: ProbeSettings, now_s: float, *, believed: bool
) -> ContentRecord:
    """A full scan was made, or tried. After those that found fault where rounds found none, the next are asked for later and
    later. One that found what rounds see too delays nothing: when it is mended, they tell.
    """
    failed = 0 if result.look is Look.GOOD else record.failed_scans + believed
    pause_s = max(FRESH_INTERVALS, 2 ** min(failed, LONGEST_DOUBLING)) * settings.interval_s
    return replace(record, failed_scans=failed, scan_after_s=now_s + min(pause_s, every_s))


def asked(record: ContentRecord, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """A scan was asked for: it is not asked for again before it had time to begin."""
    return replace(record, scan_after_s=now_s + FRESH_INTERVALS * settings.interval_s)


def aged(record: ContentRecord, settings: ProbeSettings, now_s: float) -> ContentRecord:
    """As time alone makes it."""
    if record.last_s is None:
        return record
    silent_s = now_s - record.last_s
    if silent_s > FORGET_S and record.scanned:
        record = replace(record, scanned="")
    if silent_s <= FRESH_INTERVALS * max(settings.interval_s, record.gap_s) or record.hold in (Hold.UNKNOWN, Hold.WRONG):
        return record
    reason = f"nobody could look for {silent_s:.0f} s; before: {record.reason}"
    return replace(record, hold=Hold.UNKNOWN, reason=reason, since_s=now_s)


def away(record: ContentRecord, now_s: float) -> ContentRecord:
    """Its probes say that the site is down. What it held last is remembered."""
    record = replace(record, scanned="", waits_since_s=None, scan_after_s=None, wants_scan=False)
    if record.hold is not Hold.GOOD:
        return record
    return replace(record, hold=Hold.UNKNOWN, reason="the site was down: it is scanned before it is used again", since_s=now_s)


def kept(record: ContentRecord, now_s: float) -> ContentRecord:
    """After a restart: it counts until somebody has looked, or could have."""
    return replace(record, last_s=None if record.last_s is None else now_s, asked_s=None, wants_scan=False, scan_after_s=None)


def short(generation: str) -> str:
    """As people are told it."""
    return generation[:12]
