"""Tokens and the audit log from the command line, on a real node, over a restart."""

import hashlib
import json

import httpx
import pytest

from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from tests.scenarios.node import RunningNode, document, site

TOKEN = "of-an-operator"
SITE = "jp-osaka-1"


def said(capsys: pytest.CaptureFixture[str], node: RunningNode, *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run([*words, "--admin", node.admin]) == code
    told = capsys.readouterr()
    return told.err if code else told.out


def who(node: RunningNode, token: str) -> dict:
    """Whom the node takes this token for; {}: nobody."""
    answer = httpx.get(f"{node.admin}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30)
    assert answer.status_code in (200, 401)
    return answer.json() if answer.status_code == 200 else {}


def test_a_token_is_made_used_kept_and_revoked(tmp_path, capsys, monkeypatch):
    users = {"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]}
    written = document([site(each, 9) for each in SITES if each.id == SITE], tmp_path / "state", admin=users)
    monkeypatch.setenv("GSLB_TOKEN", TOKEN)
    with RunningNode(written, tmp_path) as node:
        assert "nobody has changed anything" in said(capsys, node, "acts")
        monkeypatch.delenv("GSLB_TOKEN")
        assert "put a token into GSLB_TOKEN" in said(capsys, node, "token", "list", code=1)
        monkeypatch.setenv("GSLB_TOKEN", TOKEN)
        words = ("token", "create", "osaka", "--role", "owner", "--site", SITE, "--for", "90d")
        token = said(capsys, node, *words).strip()
        assert who(node, token)["role"] == "owner"
        short = said(capsys, node, "token", "create", "eve", "--role", "viewer").strip()
        assert "no site nowhere" in said(capsys, node, "token", "create", "x", "--role", "owner", "--site", "nowhere", code=2)
        monkeypatch.setenv("GSLB_TOKEN", token)
        said(capsys, node, "drain", SITE, "--reason", "a fan")
        said(capsys, node, "token", "list", code=1)
        monkeypatch.setenv("GSLB_TOKEN", TOKEN)
        listed = {each["name"]: each for each in json.loads(said(capsys, node, "token", "list", "--json"))}
        said(capsys, node, "token", "revoke", listed["eve"]["id"])
        assert who(node, short) == {}
        table = said(capsys, node, "token", "list")
        assert all(word in table for word in ("configuration:ops", "osaka", "revoked 20", "never"))
    assert token.encode() not in (tmp_path / "state" / "state.db").read_bytes()
    with RunningNode(written, tmp_path) as node:
        assert who(node, token)["sites"] == [SITE]
        assert who(node, short) == {}
        log = json.loads(said(capsys, node, "acts", "--json"))
        assert [(act["who"], act["action"]) for act in log] == [
            ("ops", "token-revoke"), ("osaka", "drain"), ("ops", "token-create"), ("ops", "token-create"),
        ]  # fmt: skip
        assert "undone, by act 5" in said(capsys, node, "undo", "3", "--why", "it was not the fan")
        assert "can't be undone" in said(capsys, node, "undo", "5", code=1)
        table = said(capsys, node, "acts", "--subject", SITE)
        assert "drain (undone by 5)" in table
        assert "undo of 3" in table
        assert json.loads(said(capsys, node, "status", "--json"))["sites"][0]["drain"] is None
