"""The files with secrets of channels: addresses, signing secrets and passwords. They stay in control."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gslb.config.urls import receiver_url
from gslb.errors import ConfigurationError, Fault
from gslb.model import Channel, Configuration
from gslb.runtime.secretfile import Unusable, read_secret_file

LARGEST: Final = 4096
SHORTEST: Final = 16
_PREFIX: Final = "whsec_"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """None where the channel has no such file. Never shown: not in a repr either."""

    url: str | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def read_alert_secrets(configuration: Configuration) -> Mapping[str, ChannelSecrets]:
    """By name of channel. Raises ConfigurationError with every fault."""
    faults: list[Fault] = []
    found = {channel.name: _of(channel, faults) for channel in configuration.alerts.channels}
    if faults:
        raise ConfigurationError(faults)
    return found


def secret_files(configuration: Configuration) -> tuple[str, ...]:
    channels = configuration.alerts.channels
    named = [(each.url_file, each.secret_file, each.smtp.password_file if each.smtp else None) for each in channels]
    return tuple(path for files in named for path in files if path is not None)


def _of(channel: Channel, faults: list[Fault]) -> ChannelSecrets:
    password = channel.smtp.password_file if channel.smtp else None
    return ChannelSecrets(
        _read(channel.url_file, "url_file", channel, receiver_url, faults),
        _read(channel.secret_file, "secret_file", channel, signing_secret, faults),
        _read(password, "smtp.password_file", channel, _password, faults),
    )


def _read(path: str | None, key: str, channel: Channel, convert: Callable[[str], T], faults: list[Fault]) -> T | None:
    if path is None:
        return None
    try:
        data = read_secret_file(
            path, LARGEST, what="the secret", remedy="write it, or leave the key out", content="one line of text"
        )
        return convert(data.decode().splitlines()[0].strip() if data.strip() else "")
    except Unusable as error:
        message = str(error)
    except (ValueError, IndexError) as error:
        message = str(error) if not isinstance(error, UnicodeDecodeError) else "is not UTF-8 text"
    faults.append(Fault(path, 1, f"alerts: {channel.name}: {key}", message))
    return None


def signing_secret(text: str) -> bytes:
    """`whsec_` and base64, as Standard Webhooks write it, or any text. Raises ValueError."""
    if text.startswith(_PREFIX):
        try:
            secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("is not base64 after whsec_; write it as it was given, or make one: openssl rand -hex 32") from None
    else:
        secret = text.encode()
    if len(secret) < SHORTEST:
        raise ValueError(f"is under {SHORTEST} octets, which can be guessed; make one: openssl rand -hex 32")
    return secret


def _password(text: str) -> str:
    if not text:
        raise ValueError("is empty; write the password in its first line")
    return text
