"""Who an identity provider says somebody is, when it is honest, when it lies, and when it is ill."""

import json
from dataclasses import replace

import pytest

from gslb.admin.oidc.errand import Errands
from gslb.admin.oidc.errors import ProviderError
from gslb.admin.oidc.fetch import OCTETS_MOST
from gslb.admin.oidc.identity import Identity, principal_of
from gslb.admin.oidc.provider import KEPT_S, KEYS_AGAIN_S, Provider
from gslb.model.oidc import OidcSettings
from tests.admin.oidc.idp import CLIENT, NOW_S, SECRET, IdentityProvider, provider

pytestmark = pytest.mark.anyio
BACK = "http://node.example/login/oidc/callback"


class Scene:
    def __init__(self, idp: IdentityProvider) -> None:
        self.idp, self.now_s = idp, 1000.0
        self.settings = OidcSettings(idp.issuer, CLIENT, operator=("ops",), viewer=("eve",), owner={"osaka": ("jp-osaka-1",)})
        self.provider = Provider(self.settings, SECRET, lambda: self.now_s)
        self.errands = Errands()

    async def log_in(self, utc_s: float = NOW_S) -> Identity:
        errand, _ = self.errands.begin(self.now_s)
        back = self.idp.consent(await self.provider.address(errand, BACK))
        code = back.partition("code=")[2].partition("&")[0]
        return await self.provider.identify(code, errand, BACK, utc_s)


@pytest.fixture
async def scene():
    async with provider() as idp:
        yield Scene(idp)


async def test_somebody_is_who_the_id_token_says(scene):
    who = await scene.log_in()
    assert who == Identity(scene.idp.issuer, CLIENT, "7f3a", "kai", frozenset({"ops"}))
    principal = principal_of(who, scene.settings)
    assert principal is not None
    assert principal.role == "operator"


async def test_what_it_says_of_itself_is_asked_for_once_an_hour(scene):
    for _ in range(3):
        await scene.log_in()
    assert sorted(set(scene.idp.asked)) == ["/.well-known/openid-configuration", "/keys", "/token"]
    assert [scene.idp.asked.count(path) for path in ("/keys", "/token")] == [1, 3]
    scene.now_s += KEPT_S
    await scene.log_in()
    assert scene.idp.asked.count("/.well-known/openid-configuration") == scene.idp.asked.count("/keys") == 2


@pytest.mark.parametrize(
    ("groups", "role", "sites"),
    [
        (["ops", "eve"], "operator", ()),
        ("eve", "viewer", ()),
        (["osaka", "eve"], "owner", ("jp-osaka-1",)),
        (["nobody"], None, ()),
        (None, None, ()),
        ({"ops": 1}, None, ()),
        ([["ops"], 7, None], None, ()),
        (["x" * 300] + ["x"] * 1000 + ["ops"], None, ()),
    ],
)
async def test_roles_go_by_the_claim(scene, groups, role, sites):
    scene.idp.claims["groups"] = groups
    principal = principal_of(await scene.log_in(), scene.settings)
    found = None if principal is None else (principal.role, principal.sites, principal.by)
    assert found == (None if role is None else (role, sites, "oidc"))


async def test_a_role_that_is_taken_out_of_the_configuration_is_gone(scene):
    who = await scene.log_in()
    assert principal_of(who, replace(scene.settings, operator=())) is None
    assert principal_of(who, replace(scene.settings, issuer="https://other.example")) is None
    assert principal_of(who, None) is None


async def test_a_name_that_is_no_name_gives_way(scene):
    scene.idp.claims |= {"preferred_username": "ops\u202e", "email": "", "name": 7}
    assert (await scene.log_in()).name == "7f3a"


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "of another log-in"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["gslb", "another client"]},  # and no azp
        {"aud": ["gslb"], "azp": "another client"},
        {"aud": None},
        {"iss": "https://attacker.example"},
        {"iss": None},
        {"exp": NOW_S - 61},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"nbf": NOW_S + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "of another token"},
    ],
    ids=str,
)
async def test_an_id_token_with_a_wrong_claim_is_nobody(scene, lie):
    scene.idp.claims |= lie
    with pytest.raises(ProviderError):
        await scene.log_in()


@pytest.mark.parametrize("forged", ["unsigned", "signed_with_the_public_key"])
@pytest.mark.parametrize("offered", [["ES256"], ["none", "HS256", "ES256"]])
async def test_a_token_that_is_not_signed_with_a_public_key_is_nobody(scene, forged, offered):
    scene.idp.metadata["id_token_signing_alg_values_supported"] = offered
    scene.idp.token = getattr(scene.idp, forged)
    with pytest.raises(ProviderError):
        await scene.log_in()


async def test_a_token_of_somebody_elses_key_is_nobody(scene):
    shown = scene.idp.shown
    scene.idp.roll()
    scene.idp.shown = shown
    with pytest.raises(ProviderError):
        await scene.log_in()


async def test_keys_are_asked_for_again_when_they_were_rolled_but_not_for_every_stranger(scene):
    await scene.log_in()
    scene.idp.roll()
    with pytest.raises(ProviderError):
        await scene.log_in()
    assert scene.idp.asked.count("/keys") == 1
    scene.now_s += KEYS_AGAIN_S
    await scene.log_in()
    assert scene.idp.asked.count("/keys") == 2


async def test_a_code_is_good_for_once_and_for_who_began(scene):
    errand, _ = scene.errands.begin(0.0)
    back = scene.idp.consent(await scene.provider.address(errand, BACK))
    code = back.partition("code=")[2].partition("&")[0]
    other, _ = scene.errands.begin(0.0)
    with pytest.raises(ProviderError, match="invalid_grant"):
        await scene.provider.identify(code, other, BACK, NOW_S)  # its verifier is another
    back = scene.idp.consent(await scene.provider.address(errand, BACK))
    code = back.partition("code=")[2].partition("&")[0]
    await scene.provider.identify(code, errand, BACK, NOW_S)
    with pytest.raises(ProviderError, match="invalid_grant"):
        await scene.provider.identify(code, errand, BACK, NOW_S)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"x" * (OCTETS_MOST + 1)),
        (200, b'{"a": "' + b"x" * 4 * OCTETS_MOST + b'"}'),
        (200, b"no json"),
        (200, b"[" * 100_000),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": 7, "id_token": 7}'),
        (200, b'{"keys": [{"kty": "EC"}, 7, {"kty": "oct", "k": "AA"}], "id_token": "a.b.c"}'),
        (200, b"\xff"),
        (302, b"{}"),
        (404, b"{}"),
        (500, b""),
    ],
    ids=["huge", "huge-json", "text", "deep", "list", "empty", "numbers", "no-key", "no-utf8", "redirect", "absent", "broken"],
)
async def test_whatever_it_answers_is_one_fault_in_words(scene, path, status, body):
    scene.idp.answers[path] = (status, body)
    with pytest.raises(ProviderError) as told:
        await scene.log_in()
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://attacker.example"},
        {"issuer": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"jwks_uri": "http://[::1"},
    ],
    ids=str,
)
async def test_a_discovery_document_that_leads_astray_is_not_followed(scene, lie):
    scene.idp.metadata |= lie
    with pytest.raises(ProviderError):
        await scene.log_in()


async def test_an_issuer_may_end_with_a_slash(scene):
    scene.idp.metadata["issuer"] = scene.idp.issuer + "/"
    scene.idp.claims["iss"] = scene.idp.issuer + "/"
    assert (await scene.log_in()).name == "kai"


async def test_one_that_hangs_is_not_waited_for(scene):
    scene.idp.silent.clear()
    hasty = Provider(scene.settings, SECRET, within_s=0.2)
    with pytest.raises(ProviderError, match=r"within 0\.2 s"):
        await hasty.address(scene.errands.begin(0.0)[0], BACK)
    scene.idp.silent.set()
    assert await hasty.address(scene.errands.begin(0.0)[0], BACK)


async def test_one_that_is_gone_is_told_and_asked_again_soon(scene):
    scene.idp.answers["/.well-known/openid-configuration"] = (503, json.dumps({"sorry": True}).encode())
    for _ in range(3):
        with pytest.raises(ProviderError, match="answers 503"):
            await scene.log_in()
    assert len(scene.idp.asked) == 1
    scene.idp.answers.clear()
    scene.now_s += 5.0
    await scene.log_in()
