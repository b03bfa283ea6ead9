"""Release sets in the API: what is served, how each site has it, and a scan on demand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gslb.admin import create_app
from gslb.model import Configuration, ContentSet
from gslb.state.content import ContentKey
from probes.content.model import ContentResult, Fault, FileFact, Look
from probes.model import Exchange
from tests.admin.bench import OPERATOR, OWNER, SERVICE, VIEWER, Bench, reference

OLD, NEW = "a" * 64, "b" * 64
SITES = [site.id for site in reference().sites]
OSAKA = "jp-osaka-1"
SET = ContentSet("knoppix", "/knoppix/", manifest="SHA256SUMS")


def with_sets(*sets: ContentSet) -> Configuration:
    services = tuple(replace(service, content=sets) for service in reference().services)
    return replace(reference(), services=services, sites=tuple(replace(site, content=None) for site in reference().sites))


class Stocked(Bench):
    """A node that has looked at release sets."""

    def look(self, *sites: str, look: Look = Look.GOOD, generation: str = OLD, family: int = 0, reason: str = "") -> None:
        for target in self.tracker.content.targets:
            key = ContentKey.parse(target.key)
            if (not sites or key.site in sites) and family in (0, key.family):
                self.told(self.tracker.observe_content(self._result(key, look, generation, reason), self.now_s, self.utc))
        self.wait(1.0)

    def _result(self, key: ContentKey, look: Look, generation: str, reason: str) -> ContentResult:
        ill = look in (Look.WRONG, Look.ABSENT)
        return ContentResult(
            key=str(key),
            site=key.site,
            address=str(key.address),
            look=look,
            reason=reason or "2 files are as the manifest says",
            generation=generation,
            files={"kernel": FileFact("0" * 64), "miniroot": FileFact("1" * 64)},
            modified_utc=None,
            checked=2,
            full=True,
            at_monotonic=self.now_s,
            at_utc=self.utc,
            exchange=Exchange(command=f"curl -sv http://{key.address}/knoppix/SHA256SUMS"),
            wrong=int(ill),
            faults=(Fault("kernel", look, reason),) if ill else (),
        )


@pytest.fixture
def node() -> Stocked:
    node = Stocked(with_sets(SET))
    node.ready()
    node.look()
    return node


def test_content_tells_what_is_served_and_how_each_site_has_it(visit):
    (told,) = visit().get("/api/v1/content").json()
    assert (told["service"], told["content"], told["served"]) == (SERVICE, "knoppix", OLD)
    assert (told["shortage"], told["short"], told["rolling"]) == ("", False, False)
    assert told["carrying"] == SITES
    (generation,) = told["generations"]
    assert (generation["name"], generation["files"], generation["sites"]) == (OLD, 2, SITES)
    osaka = [place for place in told["places"] if place["site"] == OSAKA]
    assert {(place["door"], place["family"]) for place in osaka} == {
        (door, family) for door in ("dns", "http") for family in (4, 6)
    }
    assert {(place["hold"], place["generation"], place["scanned"], place["lag_s"]) for place in osaka} == {
        ("good", OLD, True, 0.0)
    }
    assert osaka[0]["curl"].startswith("curl -sv http://")


def test_a_site_that_does_not_take_up_a_new_generation_lags(visit, node):
    node.look(*SITES[1:], generation=NEW)
    node.look(*SITES[1:], generation=NEW)
    node.wait(3600.0)
    node.look(*SITES[1:], generation=NEW)
    node.look(SITES[0])
    (told,) = visit().get("/api/v1/content").json()
    assert told["served"] == NEW
    assert told["rolling"]
    assert visit().get("/api/v1/status").json()["incident"]["headline"] == (
        f"Release set knoppix of {SERVICE} is being rolled out: generation {NEW[:12]} is served, and {SITES[0]} has an older one."
    )
    lags = {place["site"]: place["lag_s"] for place in told["places"]}
    assert lags[SITES[1]] == 0.0
    assert 3600.0 <= lags[SITES[0]] <= 3700.0


def test_wrong_files_are_in_the_status_and_in_the_site_with_the_reason(visit, node):
    node.look(OSAKA, look=Look.WRONG, reason="kernel is not as the manifest says", family=6)
    client = visit()
    incident = client.get("/api/v1/status").json()["incident"]
    assert incident["level"] == "warning"
    words = f"{OSAKA} has wrong files and is not used for knoppix of {SERVICE} (over IPv6): kernel is not as the manifest says."
    assert words in [incident["headline"], *incident["details"]]
    places = client.get(f"/api/v1/sites/{OSAKA}").json()["content"]
    assert {(place["family"], place["hold"]) for place in places} == {(4, "good"), (6, "wrong")}
    wrong = next(place for place in places if place["hold"] == "wrong")
    assert (wrong["service"], wrong["content"]) == (SERVICE, "knoppix")
    assert wrong["faults"] == [{"path": "kernel", "look": "wrong", "reason": "kernel is not as the manifest says"}]
    assert client.get(f"/api/v1/sites/{SITES[0]}").json()["content"][0]["hold"] == "good"


def test_what_was_mended_is_told_as_that_while_it_waits(visit, node):
    node.look(OSAKA, look=Look.WRONG, reason="kernel is not as the manifest says")
    for rounds in ("1 good round", "2 good rounds"):
        node.wait(10.0)
        node.look(OSAKA)
        places = visit().get(f"/api/v1/sites/{OSAKA}").json()["content"]
        assert {place["reason"] for place in places} == {f"kernel is not as the manifest says; since then {rounds}"}


def test_a_shortage_is_in_the_status(visit, node):
    node.look(*SITES[:9], look=Look.ABSENT, reason="lacks kernel (404)")
    for _ in range(4):
        node.wait(10.0)
        node.look(*SITES[9:])
    incident = visit().get("/api/v1/status").json()["incident"]
    told = [incident["headline"], *incident["details"]]
    assert any("is short: generation aaaaaaaaaaaa is served, and held by 4 of 13 sites" in each for each in told)


def test_a_manifest_that_is_broken_everywhere_is_told_once_and_that_all_are_used_all_the_same(visit, node):
    for _ in range(4):
        node.wait(10.0)
        node.look(*SITES, look=Look.ABSENT, reason="SHA256SUMS is no manifest")
    incident = visit().get("/api/v1/status").json()["incident"]
    assert incident["level"] == "warning"
    assert incident["headline"].endswith(
        "no site that is up is known to hold it; sites that have nothing wrong are used all the same."
    )
    assert incident["details"] == [
        f"{', '.join(SITES[:4])} and 9 more do not hold knoppix of {SERVICE} (over IPv4 and IPv6): SHA256SUMS is no manifest."
    ]


def test_wrong_files_everywhere_are_an_error_as_nobody_is_served_those(visit, node):
    for _ in range(4):
        node.wait(10.0)
        node.look(*SITES, look=Look.WRONG, reason="kernel is not as the manifest says")
    incident = visit().get("/api/v1/status").json()["incident"]
    assert incident["level"] == "error"
    assert incident["headline"].endswith("over HTTP its files are answered with 503, as every site has wrong ones.")


def test_two_sites_of_one_reason_are_told_in_one_sentence(visit, node):
    node.look(*SITES[:2], look=Look.WRONG, reason="a flipped byte")
    incident = visit().get("/api/v1/status").json()["incident"]
    both = f"{SITES[0]} and {SITES[1]}"
    words = f"{both} have wrong files and are not used for knoppix of {SERVICE} (over IPv4 and IPv6): a flipped byte."
    assert words in [incident["headline"], *incident["details"]]


def test_an_explanation_over_http_goes_by_the_set_of_the_path(visit, node):
    node.look(OSAKA, look=Look.WRONG, reason="a flipped byte")
    client = visit()

    def told(path: str) -> dict:
        query = {"address": "133.11.0.1", "via": "http", "path": path}
        found = client.get("/api/v1/explain", params=query).json()
        return {each["site"]: each for each in found["sites"]}

    osaka = told("/knoppix/kernel?x=1")[OSAKA]
    assert (osaka["rank"], osaka["filter"], osaka["reason"]) == (None, "content", "knoppix: a flipped byte")
    assert told("/knoppi%78/kernel")[OSAKA]["rank"] is None
    assert told("/other/kernel")[OSAKA]["rank"] is not None
    tokyo = told("/knoppix/kernel")["jp-tokyo-1"]
    assert tokyo["reason"].endswith("knoppix at aaaaaaaaaaaa")


def test_an_owner_sees_the_own_sites_alone(visit, node):
    node.look(SITES[0], look=Look.WRONG, reason="a flipped byte")
    (told,) = visit(OWNER).get("/api/v1/content").json()
    assert {place["site"] for place in told["places"]} == {OSAKA}
    assert told["carrying"] == [OSAKA]
    assert told["generations"][0]["sites"] == [OSAKA]
    assert SITES[0] not in visit(OWNER).get("/api/v1/status").text


def test_an_operator_and_the_owner_may_have_a_site_scanned(visit, node):
    answer = visit(OPERATOR).post(f"/api/v1/sites/{SITES[0]}/scan")
    assert (answer.status_code, answer.json()) == (202, {"site": SITES[0], "scans": 4, "held": 0})
    assert visit(OWNER).post(f"/api/v1/sites/{OSAKA}/scan").status_code == 202
    assert {ContentKey.parse(key).site for key in node.scanned} == {SITES[0], OSAKA}


@pytest.mark.parametrize(
    ("token", "site", "status", "words"),
    [
        (None, OSAKA, 401, "token"),
        (VIEWER, OSAKA, 403, "may look, and change nothing"),
        (OWNER, SITES[0], 403, "is not yours"),
        (OWNER, "nowhere", 403, "is not yours"),
        (OPERATOR, "nowhere", 404, "there is no site nowhere"),
    ],
)
def test_nobody_else_may(visit, node, token, site, status, words):
    answer = visit(token).post(f"/api/v1/sites/{site}/scan")
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert node.scanned == []


def test_where_nothing_is_looked_at_there_is_nothing_to_scan():
    from starlette.testclient import TestClient

    node = Bench(with_sets(ContentSet("plain", "/plain/"))).ready()
    client = TestClient(create_app(node), base_url="http://127.0.0.1:8053", client=("198.51.100.7", 40000))
    answer = client.post(f"/api/v1/sites/{OSAKA}/scan", headers={"Authorization": f"Bearer {OPERATOR}"})
    assert answer.status_code == 409
    assert "nothing to scan" in answer.json()["detail"]
    assert (
        TestClient(create_app(node), base_url="http://127.0.0.1:8053", client=("127.0.0.1", 40000)).get("/api/v1/content").json()
        == []
    )
