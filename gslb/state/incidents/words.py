"""An incident in words: what is wrong, for whom, and what to do, for somebody who was asleep a minute ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gslb.model import Configuration
from gslb.state.incidents.finding import Finding
from gslb.state.incidents.incident import ORDER, Impact

# The first that there is leads.
_RANK: Final = (
    "service", "stale", "deaf", "region", "content", "dnssec", "wrong", "down", "flapping", "partial", "files", "unknown",
    "workers", "reload", "store", "keys", "slow",
)  # fmt: skip

_ONE: Final[Mapping[str, str]] = {
    "wrong": "{site} serves wrong content",
    "down": "{site} is down",
    "flapping": "{site} flaps",
    "partial": "{site} fails in part",
    "unknown": "{site} is unknown",
    "slow": "{site} is slow",
    "files": "{site} has wrong files of a release set",
}
_MANY: Final[Mapping[str, str]] = {
    "wrong": "serve wrong content",
    "down": "are down",
    "flapping": "flap",
    "partial": "fail in part",
    "unknown": "are unknown",
    "slow": "are slow",
    "files": "have wrong files of a release set",
}
_FIXED: Final[Mapping[str, str]] = {
    "stale": "Answers go by an old state of things",
    "deaf": "The node does not hear its own questions",
    "dnssec": "Signing keys are overdue",
    "workers": "Workers are missing",
    "reload": "The configuration was refused",
    "store": "The state can't be kept",
    "keys": "Changed signing keys were refused",
}
_NOW: Final[Mapping[str, str]] = {
    "service": "Somebody is hurt now. Look whether it is the mirrors or this node's own network: repeat a probe by hand with"
    " the curl line of a site's page, here and from elsewhere.",
    "region": "Clients are served, from farther away. Look whether the sites share a network or an owner, and whether the"
    " other regions have room.",
    "down": "Clients go elsewhere, nobody has to get up. Repeat the probe by hand with the curl line of the site's page, and"
    " tell its owner.",
    "wrong": "The site is out until five rounds are good. If the check is out of date, mend it in the configuration; else"
    " tell the site's owner.",
    "flapping": "Leave it: it comes back by itself after five good minutes. If it goes on, drain it.",
    "partial": "Clients of the part that fails go elsewhere. The site's page says which address, and why.",
    "unknown": "Look at the probes: is this node's own network well?",
    "slow": "Nothing has to be done. If it stays, ask the site's owner.",
    "content": "Look at the Content view: if every site says the same, publish the manifest again, as the last file; else"
    " mend the mirroring. Then scan the sites.",
    "files": "The site is used for everything else. Mend its mirror, then scan it.",
    "stale": "Look at the log of the control process; restart the node if it does not come back.",
    "deaf": "Look at the listener: does a firewall or another program hold it? Then at the log; restart the node.",
    "workers": "They are restarted by themselves. If it goes on, the log says of what they die.",
    "reload": "Run gslb check on the file, mend it, and save it again.",
    "store": "Look at the disk of state_dir: is it full, or read-only?",
    "dnssec": "Run gslb dnssec status, and make or roll the key that it names; not in the night.",
    "keys": "The log names the file and the line; mend it.",
}
_TOLD: Final = 3


def title(found: Sequence[Finding], configuration: Configuration) -> str:
    """Of the worst finding, and of how many there are like it."""
    first = leading(found)
    if first.kind == "service":
        hosts = sorted({host for each in found if each.kind == "service" for host in each.services})
        return f"No site of {hosts[0]} is well" if len(hosts) == 1 else f"No site of {len(hosts)} services is well"
    if first.kind == "region":
        return f"No site in {first.regions[0]} is of use"
    if first.kind == "content":
        return first.message.partition(":")[0]
    if first.kind in _FIXED:
        return _FIXED[first.kind]
    alike = [each for each in found if each.kind == first.kind]
    if len(found) == 1 or len({site for each in found for site in each.sites}) == 1:
        return _ONE[first.kind].format(site=first.sites[0])
    regions = sorted({region for each in found for region in each.regions})
    whole = sum(site.region in regions for site in configuration.sites)
    what = _MANY[first.kind] if len(alike) == len(found) else "have trouble"
    return f"{len({site for each in found for site in each.sites})} of {whole} sites in {_joined(regions)} {what}"


def cause(found: Sequence[Finding]) -> str:
    ranked = sorted(found, key=_rank)
    told = " ".join(f"{each.message.rstrip('.')}." for each in ranked[:_TOLD])
    return f"{told} And {len(ranked) - _TOLD} more." if len(ranked) > _TOLD else told


def what_now(found: Sequence[Finding]) -> str:
    return _NOW[leading(found).kind]


def for_whom(impact: Impact) -> str:
    """A sentence for people: the share of clients, and the regions that are short."""
    if impact.share_degraded <= 0.0:
        share = "No client is sent elsewhere because of it."
    else:
        percent = impact.share_degraded * 100
        share = (
            f"About {percent:.0f} % of clients are sent elsewhere."
            if percent >= 1
            else "Under 1 % of clients are sent elsewhere."
        )
    short = [f"{region} {left * 100:.0f} %" for region, left in sorted(impact.capacity_left.items()) if left < 1.0]
    return f"{share} Capacity left: {', '.join(short)}." if short else share


def leading(found: Sequence[Finding]) -> Finding:
    return min(found, key=_rank)


def _rank(found: Finding) -> tuple[int, int]:
    return -ORDER.index(found.severity), _RANK.index(found.kind)


def _joined(names: Sequence[str]) -> str:
    if len(names) > _TOLD:
        return f"{len(names)} regions"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
