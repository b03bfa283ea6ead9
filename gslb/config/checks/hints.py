"""Address hints of HTTPS and SVCB records (RFC 9460 section 7.3) whose target is steered: each client gets its own, so none
is written."""

from __future__ import annotations

from dns.rdtypes.svcbbase import ParamKey, SVCBBase

from gslb.config.draft import Draft
from gslb.config.faults import Faults
from gslb.config.zonetext import Written

_HINTS = {ParamKey.IPV4HINT: "ipv4hint", ParamKey.IPV6HINT: "ipv6hint"}


def check(draft: Draft, faults: Faults) -> None:
    steered = draft.steered()
    for each in draft.zones:
        for written in each.records:
            for hint in sorted(_given(written, steered)):
                message = f"gives {hint} for {_target(written)}, which is steered; leave it out, each client gets its own"
                each.fault(faults, written, message)


def _given(written: Written, steered: set[str]) -> set[str]:
    """The hints that it gives, or that it calls mandatory where no site of that family may be up."""
    rdata = written.rdata
    if not isinstance(rdata, SVCBBase) or not rdata.priority or _target(written) not in steered:
        return set()
    needed = rdata.params.get(ParamKey.MANDATORY)
    return {name for key, name in _HINTS.items() if key in rdata.params or key in getattr(needed, "keys", ())}


def _target(written: Written) -> str:
    """The name whose addresses are meant: "." is the owner itself (RFC 9460 section 2.5.2)."""
    rdata = written.rdata
    if not isinstance(rdata, SVCBBase) or len(rdata.target) == 1:
        return written.record.owner
    return str(rdata.target.to_text(omit_final_dot=True)).lower()
