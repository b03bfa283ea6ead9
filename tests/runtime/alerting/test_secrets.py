import base64
from dataclasses import replace
from typing import Any

import pytest

from gslb.errors import ConfigurationError
from gslb.model import Alerts, Channel, Smtp
from gslb.runtime.alerting.secrets import ChannelSecrets, read_alert_secrets, secret_files, signing_secret
from tests.state.scene import configuration


def channel(folder, **files: str) -> Channel:
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    named: dict[str, Any] = {name: str(folder / name) for name in files}
    password = named.pop("password_file", None)
    smtp = Smtp("mail.example", "a@example.net", ("b@example.net",), user="me", password_file=password) if password else None
    return Channel("ops", "email" if password else "webhook", smtp=smtp, **named)


def read(*channels: Channel) -> dict[str, ChannelSecrets]:
    return dict(read_alert_secrets(replace(configuration(), alerts=Alerts(channels=channels))))


def test_secrets_come_from_files_and_are_in_no_repr(tmp_path):
    key = base64.b64encode(b"k" * 24).decode()
    found = read(channel(tmp_path, url_file="https://hooks.example/T0/B0/x\n", secret_file=f"whsec_{key}\n"))["ops"]
    assert (found.url, found.secret) == ("https://hooks.example/T0/B0/x", b"k" * 24)
    assert repr(found) == "ChannelSecrets()"
    assert read(channel(tmp_path, password_file="open sesame\n"))["ops"].password == "open sesame"


def test_files_with_secrets_are_watched(tmp_path):
    made = channel(tmp_path, url_file="https://hooks.example/", secret_file="x" * 16)
    watched = secret_files(replace(configuration(), alerts=Alerts(channels=(made,))))
    assert watched == (str(tmp_path / "url_file"), str(tmp_path / "secret_file"))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"secret_file": "short"}, "is under 16 octets, which can be guessed"),
        ({"secret_file": "whsec_???"}, "is not base64 after whsec_"),
        ({"secret_file": ""}, "is under 16 octets"),
        ({"url_file": "hooks.example"}, "is not an absolute url"),
        ({"password_file": "\n"}, "is empty"),
    ],
    ids=["guessed", "no-base64", "nothing", "no-url", "no-password"],
)
def test_a_file_that_can_t_be_used_is_a_fault_with_its_name(tmp_path, files, said):
    with pytest.raises(ConfigurationError) as caught:
        read(channel(tmp_path, **files))
    (fault,) = caught.value.faults
    assert fault.file.startswith(str(tmp_path))
    assert said in fault.message
    assert all(text not in str(fault) for text in files.values() if len(text) > 3)


def test_a_secret_that_everybody_can_read_is_a_fault(tmp_path):
    made = channel(tmp_path, secret_file="x" * 20)
    (tmp_path / "secret_file").chmod(0o644)
    with pytest.raises(ConfigurationError, match="everybody on this machine can read"):
        read(made)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read(replace(made, secret_file=str(tmp_path / "none")))


def test_any_text_that_is_long_enough_is_a_secret():
    assert signing_secret("correct horse battery") == b"correct horse battery"
