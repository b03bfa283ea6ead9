"""`admin.oidc` and the ends of tokens, in the words of the model."""

import sys
from datetime import UTC, datetime

import pytest

from gslb.config import parse
from gslb.errors import ConfigurationError
from gslb.model.oidc import OidcSettings
from tests.config.base import FILE, changed

OIDC = """\
admin:
  oidc:
    issuer: https://login.example/realms/ops/
    client_id: gslb
    client_secret_file: oidc.secret
    url: https://gslb.example/
    scopes: [profile, groups]
    roles: {claim: roles, operator: [ops], viewer: [eve], owner: {"team dallas": [us-dallas-1]}}
"""


def with_oidc(oidc: str = OIDC) -> str:
    return changed(("admin:\n", oidc))


def test_every_key_of_it():
    found = parse(with_oidc(), "/etc/gslb/gslb.yaml").oidc
    assert found == OidcSettings(
        issuer="https://login.example/realms/ops",
        client_id="gslb",
        client_secret_file="/etc/gslb/oidc.secret",
        claim="roles",
        operator=("ops",),
        viewer=("eve",),
        owner={"team dallas": ("us-dallas-1",)},
        scopes=("openid", "profile", "groups"),
        url="https://gslb.example",
    )


def test_most_may_be_left_out():
    found = parse(with_oidc("admin:\n  oidc: {issuer: 'http://[::1]:8000', client_id: a, roles: {operator: [ops]}}\n"), FILE).oidc
    assert found == OidcSettings("http://[::1]:8000", "a", operator=("ops",))
    assert parse(with_oidc("admin:\n"), FILE).oidc is None


@pytest.mark.parametrize("library", ["authlib", "httpx2"])
def test_without_its_library_it_is_a_fault_that_says_what_to_install(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)  # as the interpreter has it for what can't be imported
    with pytest.raises(ConfigurationError) as caught:
        parse(with_oidc(), FILE)
    (fault,) = caught.value.faults
    assert str(fault).endswith(": admin.oidc: takes a library that is not here: pip install 'gslb[oidc]'")


def test_a_token_may_have_an_end():
    users = parse(changed(("role: operator,", "role: operator, expires: 2027-03-31,")), FILE).users
    assert [user.expires for user in users] == [datetime(2027, 4, 1, tzinfo=UTC), None]


def test_with_a_provider_others_may_ask_though_nobody_has_a_token():
    text = with_oidc("admin:\n  oidc: {issuer: 'https://login.example', client_id: a, roles: {operator: [ops]}}\nold:\n")
    text = text[: text.index("old:")].replace('admin: "127.0.0.1:8053"', 'admin: "0.0.0.0:8053"')
    assert parse(text, FILE).users == ()
