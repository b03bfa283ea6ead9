"""GET /api/v1/measurements."""

from tests.admin.bench import OWNER, VIEWER

PATH = "/api/v1/measurements"


def rows(*networks: str) -> list[list[object]]:
    return [[f"token-{network}", network, [["jp-osaka-1", 12], ["us-dallas-1", 250]]] for network in networks]


def test_what_clients_measured_is_shown_the_last_network_first(visit, node):
    node.measured.take(rows("10.1.0.0/16", "2001:db8::/40"), {"jp-osaka-1", "us-dallas-1"}, 100, 1_800_000_000.0)
    found = visit().get(PATH).json()
    assert [each["network"] for each in found] == ["2001:db8::/40"] * 2 + ["10.1.0.0/16"] * 2
    assert found[0] == {
        "network": "2001:db8::/40", "site": "jp-osaka-1", "ms": 12.0, "at": "2027-01-15T08:00:00Z", "count": 1,
    }  # fmt: skip


def test_one_network_or_site_can_be_asked_for(visit, node):
    node.measured.take(rows("10.1.0.0/16", "10.2.0.0/16"), {"jp-osaka-1", "us-dallas-1"}, 100, 1_800_000_000.0)
    assert len(visit().get(PATH, params={"network": "10.1.0.0/16"}).json()) == 2
    assert len(visit().get(PATH, params={"site": "us-dallas-1"}).json()) == 2
    assert len(visit().get(PATH, params={"limit": 1}).json()) == 1
    assert visit().get(PATH, params={"limit": 0}).status_code == 422


def test_it_is_for_those_who_see_everything(visit):
    assert visit(VIEWER).get(PATH).status_code == 200
    assert visit(OWNER).get(PATH).status_code == 403
