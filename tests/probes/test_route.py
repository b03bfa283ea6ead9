"""A machine without IPv6 says nothing of the IPv6 of anybody else."""

import subprocess
import sys

import pytest

from probes.faults import has_route, placed
from probes.verdict import Finding, Verdict

PROBE = """
import asyncio
from probes.model import Check, Target
from probes.registry import PROBERS
from probes.setting import Setting

target = Target("key", "site", "ADDRESS", 80, Check(type="http"), "boot.example")
result = asyncio.run(PROBERS["http"](target, Setting()))
print(result.verdict.value, result.verdict.ours, result.reason)
"""


@pytest.mark.needs_root
@pytest.mark.parametrize(("address", "family"), [("2001:db8::1", "IPv6"), ("192.0.2.1", "IPv4")])
def test_no_route_of_our_own_is_no_fault_of_the_site(address: str, family: str) -> None:
    """In a network namespace with nothing in it but a loopback interface that is down."""
    code = PROBE.replace("ADDRESS", address)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout.strip() == f"no_route True this vantage point has no {family} route to {address}"


def test_a_route_that_a_router_denies_stays_the_business_of_the_site() -> None:
    denied = Finding(Verdict.UNREACHABLE, "host unreachable")

    assert has_route("127.0.0.1")
    assert placed(denied, "127.0.0.1") is denied
