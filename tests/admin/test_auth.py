"""Who may do what: every role, from everywhere, at everything."""

from dataclasses import replace

import pytest

from gslb.admin import sessions, throttle
from gslb.admin.credentials import digest
from gslb.admin.sessions import Sessions
from gslb.admin.throttle import Throttle
from tests.admin.bench import OPERATOR, OWNER, STRANGER, VIEWER, user

READS = ["/api/v1/status", "/api/v1/sites", "/api/v1/sites/jp-osaka-1", "/api/v1/events"]
OVERSIGHT = ["/api/v1/services", "/api/v1/explain?address=133.11.0.1", "/api/v1/config", "/metrics", "/docs", "/openapi.json"]
OPEN = ["/healthz", "/readyz", "/login", "/static/gslb.css"]
DRAIN = {"reason": "a new disk"}
DIGEST = digest("guess")


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["detail"]
    return body["detail"]


@pytest.mark.parametrize("path", READS + OVERSIGHT + OPEN)
def test_on_loopback_reading_is_open(visit, path):
    assert visit().get(path).status_code == 200


@pytest.mark.parametrize("path", READS + OVERSIGHT)
def test_from_elsewhere_reading_takes_a_token(visit, path):
    answer = visit(peer="198.51.100.7").get(path)
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="gslb"'
    assert visit(VIEWER).get(path).status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_health_and_log_in_are_open_to_everybody(visit, path):
    assert visit(peer="198.51.100.7").get(path).status_code == 200


@pytest.mark.parametrize("path", READS)
def test_a_wrong_token_is_refused_even_where_none_is_needed(visit, path):
    answer = visit(STRANGER, peer="127.0.0.1").get(path)
    problem(answer, 401)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("host", ["attacker.example:8053", "127.0.0.1.attacker.example:8053"])
def test_a_page_whose_name_was_bound_to_loopback_reads_nothing(visit, host):
    problem(visit(host=host).get("/api/v1/sites"), 401)


def test_a_proxy_of_this_machine_is_not_loopback(visit):
    problem(visit(**{"X-Forwarded-For": "203.0.113.9"}).get("/api/v1/sites"), 401)


@pytest.mark.parametrize("act", ["drain", "enable"])
@pytest.mark.parametrize(
    ("token", "site", "status"),
    [
        (OPERATOR, "us-dallas-1", 200),
        (OPERATOR, "nowhere", 404),
        (OWNER, "jp-osaka-1", 200),
        (OWNER, "jp-tokyo-1", 403),
        (OWNER, "nowhere", 403),  # no telling what there is
        (VIEWER, "jp-osaka-1", 403),
        (VIEWER, "nowhere", 404),
        (STRANGER, "jp-osaka-1", 401),
        (None, "jp-osaka-1", 401),  # from loopback
    ],
)
def test_who_may_steer(visit, node, token, site, status, act):
    answer = visit(token).post(f"/api/v1/sites/{site}/{act}", json=DRAIN if act == "drain" else None)
    assert answer.status_code == status, answer.text
    assert node.tracker.drains.keys() == ({site} if status == 200 and act == "drain" else set())


def test_an_owner_sees_the_own_sites_alone(visit, node):
    node.fail("jp-tokyo-1")
    node.fail("jp-osaka-1")
    owner = visit(OWNER)
    assert [site["id"] for site in owner.get("/api/v1/sites").json()] == ["jp-osaka-1"]
    assert {event["subject"] for event in owner.get("/api/v1/events").json()} == {"jp-osaka-1"}
    assert owner.get("/api/v1/sites/jp-osaka-1").status_code == 200
    assert "jp-osaka-1" in problem(owner.get("/api/v1/sites/jp-tokyo-1"), 403)
    assert "jp-tokyo-1" not in owner.get("/").text
    assert "jp-tokyo-1" not in owner.get("/api/v1/status").text


@pytest.mark.parametrize("path", OVERSIGHT)
def test_an_owner_does_not_see_what_is_of_everybody(visit, path):
    problem(visit(OWNER).get(path), 403)


# Log-in


def log_in(client, token=OPERATOR, **headers):
    headers = {"Origin": "http://127.0.0.1:8053", **headers}
    return client.post("/login", content=f"token={token}", headers=headers)


def test_a_log_in_gives_a_cookie_that_scripts_and_other_sites_never_see(visit):
    client = visit(peer="198.51.100.7")
    answer = log_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert client.get("/api/v1/config").status_code == 200
    assert OPERATOR not in answer.headers["set-cookie"]


def test_behind_tls_the_cookie_is_for_tls_alone(visit):
    client = visit(peer="127.0.0.1", **{"X-Forwarded-Proto": "https"})
    assert "secure" in log_in(client, Origin="https://127.0.0.1:8053").headers["set-cookie"].lower()


def test_a_wrong_token_is_told_on_the_page_and_gives_no_cookie(visit):
    answer = log_in(visit(), STRANGER)
    assert answer.status_code == 401
    assert "nobody" in answer.text
    assert "set-cookie" not in answer.headers


def test_logging_out_ends_the_session_itself_not_only_the_cookie(visit):
    client = visit(peer="198.51.100.7")
    log_in(client)
    value = client.cookies[sessions.COOKIE]
    assert client.post("/logout", headers={"Origin": "http://127.0.0.1:8053"}).status_code == 303
    again = visit(peer="198.51.100.7", Cookie=f"{sessions.COOKIE}={value}")
    problem(again.get("/api/v1/sites"), 401)


@pytest.mark.parametrize("origin", ["http://attacker.example", "null", "http://127.0.0.1:9999", "http://", "127.0.0.1:8053"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/api/v1/sites/jp-tokyo-1/drain"])
def test_no_foreign_page_makes_a_browser_act(visit, node, origin, path):
    client = visit(peer="198.51.100.7")
    log_in(client)
    problem(client.post(path, json=DRAIN, headers={"Origin": origin}), 403)
    assert not node.tracker.drains


def test_with_a_cookie_and_no_origin_nothing_is_changed_unless_the_browser_vouches(visit, node):
    client = visit(peer="198.51.100.7")
    log_in(client)
    path, csrf = "/api/v1/sites/jp-tokyo-1/drain", {"X-CSRF-Token": client.get("/api/v1/me").json()["csrf"]}
    problem(client.post(path, json=DRAIN, headers=csrf), 403)
    for site in ("cross-site", "same-site", "none", "", "same-origin, cross-site"):
        problem(client.post(path, json=DRAIN, headers={"Sec-Fetch-Site": site, **csrf}), 403)
    both = {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8053"}
    problem(client.post(path, json=DRAIN, headers=both | csrf), 403)
    assert client.post(path, json=DRAIN, headers={"Sec-Fetch-Site": "same-origin", **csrf}).status_code == 200


@pytest.mark.parametrize("value", [None, "", "x", "é".encode(), "x" * 5000])
def test_with_a_cookie_nothing_is_changed_without_the_value_of_our_own_page(visit, node, value):
    client = visit(peer="198.51.100.7")
    log_in(client)
    headers = {"Origin": "http://127.0.0.1:8053"} | ({} if value is None else {"X-CSRF-Token": value})
    assert "csrf" in problem(client.post("/api/v1/sites/jp-tokyo-1/drain", json=DRAIN, headers=headers), 403)
    assert not node.tracker.drains


def test_the_value_of_another_session_or_a_second_one_does_not_do(visit, node):
    client, other = visit(peer="198.51.100.7"), visit(peer="198.51.100.8")
    log_in(client)
    log_in(other)
    own, foreign = (each.get("/api/v1/me").json()["csrf"] for each in (client, other))
    assert own != foreign
    path = "/api/v1/sites/jp-tokyo-1/drain"
    origin = ("Origin", "http://127.0.0.1:8053")
    problem(client.post(path, json=DRAIN, headers=[origin, ("X-CSRF-Token", foreign)]), 403)
    problem(client.post(path, json=DRAIN, headers=[origin, ("X-CSRF-Token", own), ("X-CSRF-Token", foreign)]), 403)
    assert client.post(path, json=DRAIN, headers=[origin, ("X-CSRF-Token", own)]).status_code == 200
    assert client.get("/api/v1/me").json()["csrf"] == own
    assert node.acts.latest(1)[0].by == "session"


def test_a_token_taken_out_of_the_configuration_ends_its_sessions(visit, node):
    client = visit(peer="198.51.100.7")
    log_in(client)
    node.configuration = replace(node.configuration, users=(user("eve", "viewer", VIEWER),))
    problem(client.get("/api/v1/sites"), 401)


@pytest.mark.parametrize("tokens", [(OPERATOR, STRANGER), (STRANGER, OPERATOR), (OPERATOR, OPERATOR)])
def test_of_two_tokens_none_counts(visit, tokens):
    headers = [("Authorization", f"Bearer {token}") for token in tokens]
    answer = visit(peer="198.51.100.7").get("/api/v1/sites", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (400, "the request has more than one Authorization")


def test_without_a_log_in_the_front_page_leads_to_it(visit):
    answer = visit(peer="198.51.100.7").get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_session_ends_after_twelve_hours():
    book = Sessions()
    value = book.open("digest", now_s=0.0)
    session = book.find(value, sessions.LIFETIME_S - 1)
    assert session is not None
    assert session.of == "digest"
    assert book.find(value, sessions.LIFETIME_S) is None
    book.sweep(sessions.LIFETIME_S)
    assert len(book) == 0


def test_sessions_are_bounded_and_the_oldest_goes():
    book = Sessions(lambda: 3)
    values = [book.open("digest", now_s=0.0) for _ in range(4)]
    assert book.find(values[0], 1.0) is None
    assert book.find(values[-1], 1.0) is not None
    assert len(book) == 3


# Guessing


def test_guessing_is_slowed_down_and_told_when_to_come_back(visit):
    client = visit(peer="198.51.100.7")
    for number in range(throttle.GUESSES_MOST):
        problem(client.get("/api/v1/sites", headers={"Authorization": f"Bearer guess-{number}"}), 401)
    answer = client.get("/api/v1/sites", headers={"Authorization": f"Bearer {OPERATOR}"})
    problem(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert log_in(client).status_code == 429
    assert visit(OPERATOR, peer="198.51.100.8").get("/api/v1/sites").status_code == 200


def test_a_script_with_an_old_token_locks_nobody_out(visit):
    stale = visit(STRANGER, peer="198.51.100.7")
    for _ in range(3 * throttle.GUESSES_MOST):
        problem(stale.get("/api/v1/sites"), 401)
    assert visit(OPERATOR, peer="198.51.100.7").get("/api/v1/sites").status_code == 200


def test_the_throttle_forgets_after_its_window_and_is_bounded():
    slow = Throttle()
    for number in range(throttle.GUESSES_MOST):
        slow.wrong("192.0.2.1", digest(str(number)), now_s=float(number))
    assert slow.wait_s("192.0.2.1", 10.0) == 50
    assert slow.wait_s("192.0.2.1", 60.0) == 0
    slow = Throttle(lambda: 50)
    for number in range(100):
        slow.wrong(f"2001:db8:{number:x}::1", DIGEST, 61.0)
    assert len(slow) == 50


def test_an_ipv6_neighbour_is_the_same_guesser():
    slow = Throttle()
    for number in range(throttle.GUESSES_MOST):
        slow.wrong(f"2001:db8::{number:x}", digest(str(number)), 0.0)
    assert slow.wait_s("2001:db8::ffff", 1.0) > 0
    assert slow.wait_s("2001:db8:0:1::1", 1.0) == 0


@pytest.mark.parametrize(
    ("guesser", "neighbour", "stranger"),
    [("192.0.2.{}", "192.0.2.250", "192.0.3.1"), ("2001:db8:0:{:x}::1", "2001:db8:0:ffff::1", "2001:db8:1::1")],
)
def test_many_addresses_of_one_network_are_one_guesser_whom_a_good_token_does_not_suffer_from(guesser, neighbour, stranger):
    slow = Throttle()
    slow.right("192.0.2.251", 0.0)
    slow.right("2001:db8:0:fffe::1", 0.0)
    for number in range(throttle.GUESSES_OF_NEIGHBOURS_MOST):
        assert slow.wait_s(guesser.format(number), 1.0) == 0
        slow.wrong(guesser.format(number), digest(str(number)), 1.0)
    assert slow.wait_s(neighbour, 2.0) == 59
    assert slow.wait_s(stranger, 2.0) == 0
    assert slow.wait_s("192.0.2.251", 2.0) == slow.wait_s("2001:db8:0:fffe::2", 2.0) == 0
    assert slow.wait_s(neighbour, 61.0) == 0


def test_guesses_are_counted_and_seen_in_the_metrics(visit):
    for number in range(throttle.GUESSES_MOST + 2):
        visit(peer="198.51.100.7").get("/api/v1/sites", headers={"Authorization": f"Bearer guess-{number}"})
    text = visit(VIEWER, peer="198.51.100.8").get("/metrics").text
    assert f"gslb_admin_wrong_tokens_total {throttle.GUESSES_MOST}.0" in text
    assert "gslb_admin_throttled_total 2.0" in text
    assert "gslb_admin_guessers 2.0" in text
