"""The reason codes of a Decision, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

from gslb.model import Why

WHY: Mapping[Why, str] = {
    Why.NEAREST: "the nearest site that is up",
    Why.FASTEST: "measured latency outranks distance here",
    Why.RULE: "a rule of the service says so",
    Why.SPILL: "the nearest region is short of capacity, and this client is one of those it gives away",
    Why.DEFAULT: "nobody knows where this client is: the default order",
    Why.FAIL_OPEN: "every site is down, so one is tried all the same",
    Why.STARTING: "the first round of probes is not in yet: geography alone",
    Why.ALL_DOWN: "no site is left that may be served",
    Why.ALL_DOWN_ADDRESSES: "every site is down: the addresses configured for that",
    Why.NO_ADDRESS: "no site has an address of this family, or https",
    Why.RESTRICTED: "rules and restrictions leave this client no site",
}
