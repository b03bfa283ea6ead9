"""Logging in by an identity provider, as a browser does it; and what others try with it."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from gslb.admin.oidc.errand import COOKIE as WAY
from gslb.admin.sessions import COOKIE
from gslb.model.oidc import OidcSettings
from tests.admin.bench import OPERATOR, Bench, served
from tests.admin.oidc.idp import CLIENT, NOW_S, SECRET, provider
from tests.ports import free_port

pytestmark = pytest.mark.anyio


class Browser(httpx.AsyncClient):
    """Keeps cookies, and follows no redirect by itself."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, trust_env=False, timeout=30)

    async def sent_to_the_provider(self) -> str:
        answer = await self.get("/login/oidc")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def who(self) -> dict:
        found: dict = (await self.get("/api/v1/me")).json()
        return found


class Scene:
    def __init__(self, idp, node: Bench, url: str) -> None:
        self.idp, self.node, self.url = idp, node, url


@pytest.fixture
async def scene():
    node = Bench(utc=datetime.fromtimestamp(NOW_S, UTC)).ready()
    async with provider() as idp:
        settings = OidcSettings(idp.issuer, CLIENT, "/secret", operator=("ops",), owner={"osaka": ("jp-osaka-1",)})
        node.configuration, node.oidc_secret = replace(node.configuration, oidc=settings), SECRET
        async with served(node) as url:
            yield Scene(idp, node, url)


async def test_somebody_logs_in_acts_and_logs_out_everywhere(scene):
    async with Browser(scene.url) as one, Browser(scene.url) as two:
        for browser in (one, two):
            answer = await browser.get(scene.idp.consent(await browser.sent_to_the_provider()))
            assert answer.status_code == 200
            assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
            cookies = {value.partition("=")[0]: value.lower() for value in answer.headers.get_list("set-cookie")}
            assert "httponly" in cookies[COOKIE]
            assert "samesite=strict" in cookies[COOKIE]
            assert "max-age=0" in cookies[WAY]
        me = await one.who()
        assert (me["name"], me["role"], me["by"]) == ("kai", "operator", "oidc")
        own = {"Origin": scene.url, "X-CSRF-Token": me["csrf"]}
        drained = await one.post("/api/v1/sites/jp-osaka-1/drain", json={"reason": "a fan"}, headers=own)
        assert drained.status_code == 200
        assert scene.node.acts.latest(1)[0].by == "oidc"
        assert (await one.delete("/api/v1/me/sessions", headers=own)).json() == {"ended": 2}
        assert (await one.who())["by"] == (await two.who())["by"] == "loopback"


async def test_the_log_in_page_leads_there_and_only_where_there_is_a_provider(scene):
    async with Browser(scene.url) as browser:
        assert 'href="/login/oidc"' in (await browser.get("/login")).text
        scene.node.configuration = replace(scene.node.configuration, oidc=None)
        assert "/login/oidc" not in (await browser.get("/login")).text
        assert (await browser.get("/login/oidc")).status_code == 404
        assert (await browser.get("/login/oidc/callback")).status_code == 404


async def test_the_way_back_is_for_the_browser_that_began_it_and_for_once(scene):
    async with Browser(scene.url) as victim, Browser(scene.url) as attacker:
        back = scene.idp.consent(await attacker.sent_to_the_provider())
        assert (await victim.get(back)).status_code == 403  # one who began nothing
        await victim.sent_to_the_provider()
        assert (await victim.get(back)).status_code == 403  # one who began something else
        assert (await victim.who())["by"] == "loopback"
        jar = dict(attacker.cookies)
        assert (await attacker.get(back)).status_code == 200
        attacker.cookies.update(jar)
        assert (await attacker.get(back)).status_code == 403


STRANGE = [
    "",
    "code=c",
    "state={state}",
    "code=c&state={state}&state={state}",
    "code=c&code=d&state={state}",
    "code=c&error=e&state={state}",
    "code=%00&state={state}",
    "code=%FF&state={state}",
    "code={long}&state={state}",
    "code=c&state=x{state}",
    "code=c&state={state}&iss=https://attacker.example",
    "error=access_denied&state={state}",
    "error=%3Cscript%3Ealert(1)%3C/script%3E&state={state}",
]


async def test_a_return_that_is_none_is_refused_and_asks_nobody(scene):
    async with Browser(scene.url) as browser:
        for query in STRANGE:
            address = await browser.sent_to_the_provider()
            state = address.partition("&state=")[2].partition("&")[0]
            scene.idp.asked.clear()
            answer = await browser.get("/login/oidc/callback?" + query.format(state=state, long="c" * 3000))
            assert answer.status_code == 403, query
            assert COOKIE not in answer.headers.get("set-cookie", ""), query
            assert "<script>alert" not in answer.text
            assert scene.idp.asked == [], query


async def test_who_has_no_role_here_is_told_so(scene):
    scene.idp.claims["groups"] = ["others"]
    async with Browser(scene.url) as browser:
        for language, words in (("en", "kai has no role here"), ("ja", "kai にはここでの役割がありません")):
            browser.headers["Accept-Language"] = language
            answer = await browser.get(scene.idp.consent(await browser.sent_to_the_provider()))
            assert answer.status_code == 403
            assert words in answer.text
        assert COOKIE not in answer.cookies


async def test_a_role_that_is_taken_away_ends_with_the_reload(scene):
    async with Browser(scene.url) as browser:
        await browser.get(scene.idp.consent(await browser.sent_to_the_provider()))
        assert (await browser.who())["role"] == "operator"
        scene.node.configuration = replace(scene.node.configuration, oidc=replace(scene.node.configuration.oidc, operator=()))
        assert (await browser.who())["by"] == "loopback"


async def test_a_provider_that_is_down_is_in_nobodys_way(scene):
    nobody = free_port()
    settings = replace(scene.node.configuration.oidc, issuer=f"http://127.0.0.1:{nobody}")
    scene.node.configuration = replace(scene.node.configuration, oidc=settings)
    async with Browser(scene.url) as browser:
        answer = await browser.get("/login/oidc")
        assert answer.status_code == 503
        assert "can't be used now" in html.unescape(answer.text)
        answer = await browser.post("/login", content=f"token={OPERATOR}", headers={"Origin": scene.url})
        assert answer.status_code == 303
        assert (await browser.who())["role"] == "operator"


async def test_made_up_codes_are_throttled_as_tokens_are(scene):
    async with Browser(scene.url) as browser:
        for number in range(10):
            back = scene.idp.consent(await browser.sent_to_the_provider())
            answer = await browser.get(re.sub(r"code=[^&]+", f"code=made-up-{number}", back))
            assert answer.status_code == 503
        answer = await browser.get("/login/oidc")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60


async def test_without_a_url_the_way_back_is_the_host_that_was_asked_and_with_one_it_is_that(scene):
    async with Browser(scene.url) as browser:
        host = scene.url.removeprefix("http://").replace(":", "%3A")
        assert f"redirect_uri=http%3A%2F%2F{host}%2Flogin%2Foidc%2Fcallback" in await browser.sent_to_the_provider()
        settings = replace(scene.node.configuration.oidc, url="https://gslb.example")
        scene.node.configuration = replace(scene.node.configuration, oidc=settings)
        assert "redirect_uri=https%3A%2F%2Fgslb.example%2Flogin%2Foidc%2Fcallback" in await browser.sent_to_the_provider()
