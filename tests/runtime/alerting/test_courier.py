"""One channel and a receiver, over real sockets: what is sent, and what is done when it is not taken."""

import base64
import json
import re
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from gslb.model import Channel, Smtp
from gslb.runtime.alerting.patience import Result
from gslb.runtime.alerting.posting import trust
from gslb.runtime.alerting.secrets import ChannelSecrets
from gslb.state.alerts import NoticeKind
from tests.ports import free_ports
from tests.runtime.alerting.makers import at_work, courier, mail_to, notice
from tests.runtime.alerting.receivers import post_office, receiving, status
from tests.state.incidents.test_stored import CLOSED, incident

pytestmark = pytest.mark.anyio

SECRET = b"0123456789abcdef0123456789abcdef"


def verifier():
    """The receiver of docs/alerts.md, as it is written there."""
    (code,) = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    return namespace["is_ours"]


async def test_a_webhook_gets_all_there_is_to_know_and_its_signature_is_good():
    async with receiving() as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url), ChannelSecrets(secret=SECRET))
        worker.put(notice(), 10)
        async with at_work(worker):
            await receiver.until(lambda: not worker.queue)
    (got,) = receiver.got
    assert (got.path, got.headers["content-type"]) == ("/hook?token=secret-in-the-url", "application/json")
    is_ours, late = verifier(), {"webhook-timestamp": str(int(got.headers["webhook-timestamp"]) - 400)}
    assert is_ours(SECRET, got.headers, got.body)
    assert is_ours(b"whsec_" + base64.b64encode(SECRET), got.headers, got.body)
    assert not is_ours(b"another secret, as long", got.headers, got.body)
    assert not is_ours(SECRET, got.headers, got.body + b" ")
    assert not is_ours(SECRET, got.headers | late, got.body)
    assert got.headers["webhook-id"] == got.json["id"] == "tokyo-1/20261123T120000/1/opened"
    assert got.json["text"].startswith("tokyo-1: warning: jp-7 is down\njp-7 is down (warning, since 2026-11-23 12:00 UTC)\n")
    (told,) = got.json["incidents"]
    assert (told["state"], told["sites"], told["url"]) == ("open", ["jp-7"], "https://gslb.example/incidents/7")
    assert told["for_whom"] == "About 8 % of clients are sent elsewhere. Capacity left: jp 86 %."
    assert (worker.counts["sent"], worker.failures, worker.last_error) == (1, 0, None)


async def test_a_receiver_that_fails_gets_the_same_message_again():
    async with receiving(status(500, body="try <later>"), status(503), "close") as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url))
        worker.put(notice(), 10)
        async with at_work(worker):
            await receiver.until(lambda: not worker.queue)
    assert len(receiver.got) == 4
    assert len({each.body for each in receiver.got}) == 1
    assert len({each.headers["webhook-id"] for each in receiver.got}) == 1
    assert (worker.counts["sent"], worker.counts["failed"], worker.failures) == (1, 3, 0)
    assert [event.kind for event in worker._journal.recent] == ["alert-failed", "alert-works"]
    assert "answered 500: try <later>" in worker._journal.recent[0].message


@pytest.mark.parametrize("answer", ["hang", "drip", "huge"])
async def test_a_receiver_that_never_ends_costs_a_try_and_no_more(answer):
    async with receiving(answer) as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url), within_s=1.0)
        worker.put(notice(), 10)
        async with at_work(worker):
            await receiver.until(lambda: not worker.queue)
    assert len(receiver.got) >= 2
    message = worker._journal.recent[0].message
    assert ("within 1 s" in message) or ("answered 503: xxx" in message and len(message) < 400)


async def test_who_asks_for_time_gets_it():
    async with receiving(status(429, "Retry-After: 3600"), status(200)) as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url))
        worker.put(notice(1), 10)
        worker.put(notice(2), 10)
        async with at_work(worker):
            await receiver.until(lambda: worker.failures)
            assert timedelta(minutes=59) < worker.queue[1].due - datetime.now(UTC) <= timedelta(minutes=60)
    assert len(receiver.got) == 1, "nor is it bothered with the next one"


async def test_a_message_that_is_refused_is_given_up_and_the_next_one_goes_out():
    async with receiving(*[status(400, body="no such field")] * 3) as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url))
        worker.put(notice(1), 10)
        async with at_work(worker):
            await receiver.until(lambda: worker.counts["refused"])
            worker.put(notice(2), 10)
            worker.wake()
            await receiver.until(lambda: worker.counts["sent"])
    assert [each.json["id"][-8:] for each in receiver.got] == ["1/opened"] * 3 + ["2/opened"]
    assert [event.kind for event in worker._journal.recent] == ["alert-failed", "alert-given-up", "alert-works"]


async def test_redirects_are_not_followed_and_no_secret_is_told():
    async with receiving() as elsewhere, receiving(status(302, f"Location: {elsewhere.url}")) as receiver:
        worker = courier(Channel("ops", "webhook", url_file="x"), ChannelSecrets(url=receiver.url, secret=SECRET))
        outcome = await worker.test(notice(kind=NoticeKind.TEST))
    assert elsewhere.got == []
    assert outcome.error.startswith("answered 302; redirects are not followed")
    nobody = courier(Channel("ops", "webhook", url_file="x"), ChannelSecrets(url=receiver.url, secret=SECRET))
    told = (await nobody.send(notice())).error
    assert told.startswith("can't be reached")
    assert "secret" not in told + repr(nobody.secrets)


async def test_a_message_that_nobody_took_for_a_day_goes():
    worker = courier(Channel("ops", "webhook", f"http://127.0.0.1:{free_ports(1)[0]}/"))
    old = notice(1)
    worker.put(replace(old, at=old.at - timedelta(days=1)), 10)
    async with at_work(worker), receiving() as receiver:
        await receiver.until(lambda: not worker.queue)
    assert worker.counts["expired"] == 1


async def test_who_shows_no_good_certificate_gets_nothing(monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    async with receiving(tls=server) as receiver:
        worker = courier(Channel("ops", "webhook", receiver.url.replace("http:", "https:")))
        refused = await worker.send(notice())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        trust.cache_clear()
        taken = await worker.send(notice())
        trust.cache_clear()
    assert "certificate" in refused.error.lower()
    assert (taken.result, len(receiver.got)) == (Result.SENT, 1)


def test_a_queue_has_a_bound_and_the_oldest_go():
    gone: list[int] = []
    worker = courier(Channel("ops", "webhook", "http://127.0.0.1:1/"))
    worker._done = gone.append
    for number in range(1, 6):
        worker.put(notice(number), 3)
    assert (list(worker.queue), gone, worker.counts["dropped"]) == ([3, 4, 5], [1, 2], 2)


async def test_slack_gets_blocks_in_which_nothing_is_markup():
    evil = incident(7, title="<!channel> *down* & out", cause="answered <http://evil.example|click>")
    async with receiving() as receiver:
        await courier(Channel("ops", "slack", receiver.url)).send(notice(1, NoticeKind.OPENED, evil))
        await courier(Channel("ops", "slack", receiver.url)).send(notice(2, NoticeKind.DIGEST, *[incident(7)] * 60))
    first, digest = (each.json for each in receiver.got)
    assert first["text"] == "tokyo-1: warning: &lt;!channel&gt; *down* &amp; out"
    assert {block["text"]["type"] for block in first["blocks"]} == {"plain_text"}
    assert "What to do: Tell its owner." in first["blocks"][1]["text"]["text"]
    assert len(digest["blocks"]) <= 50
    assert digest["blocks"][-1]["text"]["text"] == "And 15 more: https://gslb.example/incidents"


async def test_an_alertmanager_gets_alerts_that_end():
    async with receiving() as receiver:
        worker = courier(Channel("ops", "alertmanager", receiver.url))
        await worker.send(notice(1))
        await worker.send(notice(2, NoticeKind.RISEN))
        await worker.send(notice(3, NoticeKind.CLOSED, CLOSED))
        await worker.send(notice(4, NoticeKind.TEST))
    opened, risen, closed, test = (each.json for each in receiver.got)
    labels = {"alertname": "GslbIncident", "node": "tokyo-1", "incident": "7", "severity": "warning"}
    assert opened[0]["labels"] == labels == closed[0]["labels"]
    assert opened[0]["startsAt"] == "2026-11-23T12:00:00Z"
    assert datetime.fromisoformat(opened[0]["endsAt"]) > datetime.now(UTC)
    assert opened[0]["generatorURL"] == "https://gslb.example/incidents/7"
    assert closed[0]["endsAt"] == "2026-11-23T12:03:00Z"
    ends = {each["labels"]["severity"]: datetime.fromisoformat(each["endsAt"]) > datetime.now(UTC) for each in risen}
    assert ends == {"warning": True, "info": False}
    assert test[0]["labels"]["alertname"] == "GslbTest"


async def test_mail_is_a_letter_and_those_of_one_incident_are_a_thread():
    async with post_office() as post:
        worker = courier(mail_to(post.port))
        opened, closed = notice(1), replace(notice(2, NoticeKind.CLOSED, CLOSED), id="tokyo-1/20261123T120000/1/closed")
        assert (await worker.send(opened)).error == ""
        await worker.send(opened)
        await worker.send(closed)
    first, again, last = post.letters
    assert post.envelopes[0] == ("gslb@example.net", ["ops@example.net", "sam@example.net"])
    assert (first["Subject"], first["To"]) == ("[gslb] tokyo-1: warning: jp-7 is down", "ops@example.net, sam@example.net")
    assert first["Message-ID"] == again["Message-ID"] == last["References"]
    assert last["Message-ID"] != first["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    text = first.get_content()
    assert "About 8 % of clients are sent elsewhere. Capacity left: jp 86 %." in text
    assert "https://gslb.example/incidents/7" in text


async def test_what_a_server_said_makes_no_header():
    evil = incident(
        7, title="down\r\nBcc: evil@example.net\r\n\r\nx\u2028y", cause="a\r\n.\r\nMAIL FROM:<x>\r\n" + "long " * 2000
    )
    async with post_office() as post:
        await courier(mail_to(post.port)).send(notice(1, NoticeKind.OPENED, evil))
    (letter,) = post.letters
    assert letter["Bcc"] is None
    assert len(post.envelopes) == 1
    assert "\n" not in letter["Subject"]
    assert "MAIL FROM" in letter.get_content()
    assert letter["Subject"].startswith("[gslb] tokyo-1: warning: down")


async def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not_for_ever():
    async with post_office("451 not now", *["554 spam"] * 3) as post:
        worker = courier(mail_to(post.port))
        worker.put(notice(1), 10)
        async with at_work(worker), receiving() as clock:
            await clock.until(lambda: not worker.queue)
    assert (worker.counts["failed"], worker.counts["refused"], post.letters) == (4, 1, [])
    assert "451" in worker._journal.recent[0].message


async def test_a_mail_server_without_encryption_gets_nothing_where_it_is_asked_for():
    async with post_office() as post:
        channel = mail_to(post.port)
        assert channel.smtp is not None
        strict: Smtp = replace(channel.smtp, starttls=True)
        outcome = await courier(replace(channel, smtp=strict)).send(notice())
    assert post.letters == []
    assert "STARTTLS" in outcome.error.upper()


async def test_nobody_there_is_said():
    (port,) = free_ports(1)
    mail = await courier(mail_to(port)).send(notice())
    hook = await courier(Channel("ops", "webhook", f"http://127.0.0.1:{port}/")).send(notice())
    assert "can't be used" in mail.error
    assert "can't be reached" in hook.error
    assert json.dumps(mail.error)
