"""Logging in at a real node by an identity provider: the secret from its file, roles by the file of now, and who is told."""

import asyncio
import hashlib
import time

import httpx
import pytest

from gslb.runtime.demo.sites import SITES
from tests.admin.oidc.idp import CLIENT, SECRET, provider
from tests.scenarios.node import RunningNode, document, site

pytestmark = pytest.mark.anyio
TOKEN = "of-an-operator"


async def test_a_person_of_the_provider_is_an_owner_until_the_file_says_otherwise(tmp_path):
    (tmp_path / "oidc.secret").write_text(SECRET + "\n")
    (tmp_path / "oidc.secret").chmod(0o600)
    async with provider() as idp:
        idp.claims |= {"groups": ["osaka"], "exp": int(time.time()) + 300, "iat": int(time.time())}
        roles = {"owner": {"osaka": ["jp-osaka-1"]}}
        oidc = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret_file": "oidc.secret", "roles": roles}
        users = [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]
        known = [site(each, 9) for each in SITES if each.id in ("jp-osaka-1", "jp-tokyo-1")]
        written = document(known, tmp_path / "state", admin={"users": users, "oidc": oidc})
        with RunningNode(written, tmp_path) as node:
            async with httpx.AsyncClient(base_url=node.admin, trust_env=False, timeout=30) as browser:
                sent = await browser.get("/login/oidc")
                back = await browser.get(idp.consent(sent.headers["location"]))
                assert back.status_code == 200, back.text
                me = (await browser.get("/api/v1/me")).json()
                assert (me["name"], me["role"], me["by"], me["sites"]) == ("kai", "owner", "oidc", ["jp-osaka-1"])
                own = {"Origin": node.admin, "X-CSRF-Token": me["csrf"]}
                for name, status in (("jp-osaka-1", 200), ("jp-tokyo-1", 403)):
                    answer = await browser.post(f"/api/v1/sites/{name}/drain", json={"reason": "a fan"}, headers=own)
                    assert answer.status_code == status
                log = (await browser.get("/api/v1/acts")).json()
                assert [(act["who"], act["by"], act["subject"]) for act in log] == [("kai", "oidc", "jp-osaka-1")]
                oidc["roles"] = {"owner": {"tokyo": ["jp-tokyo-1"]}}
                node.write(written)
                async with asyncio.timeout(60):
                    while (await browser.get("/api/v1/me")).json()["by"] != "loopback":  # noqa: ASYNC110 - it is another process
                        await asyncio.sleep(0.1)
