"""A mirror that dies in every way there is, as a node sees it and as its clients feel it."""

import pytest

from tests.scenarios.failing import DOWN_WITHIN_S, both_doors, japan, root, until
from tests.scenarios.node import JAPAN

__all__ = ["japan", "root"]  # the fixtures

pytestmark = pytest.mark.anyio

FAULTS = [
    ("refuse", "down", "refused"),
    ("hang", "down", "connected, but no answer"),
    ("trickle", "down", "within"),
    ("cut", "down", ""),
    ("500", "down", "500"),
    ("wrong", "wrong", "is not in the first"),
    ("redirect http://{own}/", "down", "this load balancer"),
]


@pytest.mark.parametrize(("fault", "condition", "reason"), FAULTS, ids=[fault.split()[0] for fault, _, _ in FAULTS])
async def test_a_mirror_that_fails_goes_down_for_its_reason_and_its_clients_go_elsewhere(japan, fault, condition, reason):
    node, fleet = japan
    chosen = node.lands(JAPAN)
    await fleet.set_fault(chosen, fault.format(own=":".join(map(str, node.http))))
    await until(node, lambda: node.condition(chosen) == condition, DOWN_WITHIN_S, f"{chosen} is {condition}")
    assert reason in node.site(chosen)["reason"]
    await until(node, lambda: chosen not in both_doors(node), 20, "both doors send its clients elsewhere")
    assert len(both_doors(node)) == 1
    told = node.events("site-wrong" if condition == "wrong" else "site-down")
    assert reason in next(event["message"] for event in told if event["subject"] == chosen)


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_mirror_that_dies_or_freezes_goes_down_and_comes_back_slowly(japan, how):
    node, fleet = japan
    clients = [f"133.{number}.0.0/16" for number in range(11, 51)]
    chosen = node.lands(JAPAN)
    before = {client: node.lands(client) for client in clients}
    await getattr(fleet, how)(chosen)
    await until(node, lambda: node.condition(chosen) == "down", DOWN_WITHIN_S, f"{chosen} is down")
    await until(node, lambda: all(node.lands(client) != chosen for client in clients), 20, "nobody lands there")
    assert all(node.lands(client) == was for client, was in before.items() if was != chosen)

    await fleet.restart(chosen)
    shares: list[int] = []

    def share() -> int:
        shares.append(sum(node.lands(client) == chosen for client in clients))
        return shares[-1]

    whole = sum(site == chosen for site in before.values())
    await until(node, lambda: share() == whole, 30, "it has all its clients again")
    assert shares == sorted(shares)
    assert len(set(shares)) > 2, f"it came back in steps, not at once: {shares}"
    await until(node, lambda: node.condition(chosen) == "up", 20, f"{chosen} is up")
    assert {client: node.lands(client) for client in clients} == before
