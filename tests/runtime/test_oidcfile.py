"""The secret of a client of an identity provider, from its file."""

from pathlib import Path

import pytest

from gslb.errors import ConfigurationError
from gslb.model import Configuration
from gslb.model.oidc import OidcSettings
from gslb.runtime.oidcfile import read_oidc_secret


def configured(path: Path | None) -> Configuration:
    oidc = OidcSettings("https://login.example", "gslb", None if path is None else str(path), operator=("ops",))
    return Configuration("node", "/nowhere", (), (), oidc=oidc)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "oidc.secret"
    path.write_bytes(b"s3cret of the client\r\n")
    path.chmod(0o600)
    return path


def test_the_secret_alone_is_in_it(file):
    assert read_oidc_secret(configured(file)) == "s3cret of the client"
    assert read_oidc_secret(configured(None)) is None


@pytest.mark.parametrize("data", [b"", b"\n", b"one\ntwo", b"\xff\xfe", b"a\x00b", b"x" * 5000])
def test_what_is_none_is_told_with_its_place(file, data):
    file.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"oidc\.secret:1: admin\.oidc\.client_secret_file: "):
        read_oidc_secret(configured(file))


def test_one_that_is_gone_or_open_to_everybody_is_told(file):
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="everybody on this machine"):
        read_oidc_secret(configured(file))
    file.unlink()
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        read_oidc_secret(configured(file))
