"""`alerts`: who is told of incidents, and how."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gslb.config import values
from gslb.config.faults import quoted
from gslb.config.kinds import BOOLEAN, FILE, TEXT, WORD, duration, integer
from gslb.config.schema import Table, choice, defaulted, implied, list_of, optional, plain, required, scalar, section
from gslb.config.urls import dashboard_url, receiver_url
from gslb.model import Alerts, Audience, Channel, ChannelKind, Quiet, Severity, Smtp

_DEFAULTS = Alerts()
_SEVERITY = choice("info", "warning", "error")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9.-]+)")


def _time_of_day(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f'{quoted(text)} is not a time of day; write "22:00"')
    return time(int(found[1]), int(found[2]))


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{quoted(text)} is not a time zone; write it as Asia/Tokyo or UTC") from None
    return text


def _mail_address(text: str) -> str:
    found = _MAIL.fullmatch(text)
    if found is None or len(text) > 254:
        raise ValueError(f"{quoted(text)} is not an e-mail address; write it as ops@example.net")
    values.host(found[1])
    return text


def _mail_host(text: str) -> str:
    try:
        return str(values.ip_address(text))
    except ValueError:
        return values.host(text)


MAIL_ADDRESS = scalar("e-mail address", _mail_address)

SITES = defaulted("sites", list_of(WORD, or_one=True), (), "Incidents of these sites.", "all")
REGIONS = defaulted("regions", list_of(WORD, or_one=True), (), "Incidents of these regions.", "all")
OWNERS = defaulted("owners", list_of(TEXT, or_one=True), (), "Incidents of the sites of these users of role owner.", "all")
SEVERITY = defaulted("severity", _SEVERITY, "warning", "From this on.")
FOR = implied("for", section(SITES, REGIONS, OWNERS, SEVERITY), "Which incidents this channel is told of.")

FROM = required("from", scalar("time of day", _time_of_day), "When it begins, each day.")
TO = required("to", scalar("time of day", _time_of_day), "When it ends; over midnight if it is before `from`.")
TIMEZONE = defaulted("timezone", scalar("time zone", _timezone), "UTC", "Whose clocks are meant, as Asia/Tokyo.")
BUT = defaulted("but", _SEVERITY, "error", "What is as bad as this is told all the same.")
QUIET = optional(
    "quiet", section(FROM, TO, TIMEZONE, BUT), "Hours in which messages wait, and come as one when they end.", "none"
)

HOST = required("host", scalar("host", _mail_host), "The mail server.")
PORT = defaulted("port", integer(1, 65535), 587, "Its port.")
STARTTLS = defaulted("starttls", BOOLEAN, True, "Encrypt by STARTTLS, or send nothing.", "true")
TLS = defaulted("tls", BOOLEAN, False, "Encrypt from the first byte on, as on port 465.", "false")
USER = optional("user", TEXT, "Who logs in.", "nobody")
PASSWORD_FILE = optional("password_file", FILE, "The file with the password, in its first line.", "none")
SENDER = required("from", MAIL_ADDRESS, "Whose the messages are.")
RECIPIENTS = required("to", list_of(MAIL_ADDRESS, at_least=1, or_one=True), "Who gets them.")
SMTP = optional("smtp", section(HOST, PORT, STARTTLS, TLS, USER, PASSWORD_FILE, SENDER, RECIPIENTS), "How mail is sent.", "none")

NAME = required("name", WORD, "The name of the channel, in the API, events and metrics.")
KIND = required("kind", choice("webhook", "slack", "alertmanager", "email"), "What it speaks; see [alerts](alerts.md).")
URL = optional("url", scalar("http(s):// url", receiver_url), "Where messages are posted.", "none")
URL_FILE = optional("url_file", FILE, "A file with that url, where it is a secret.", "none")
SECRET_FILE = optional("secret_file", FILE, "A file with the secret that a webhook's messages are signed with.", "unsigned")
DIGEST = optional("digest", duration(60.0, 7 * 86400.0), "Collect messages for so long, and send them as one.", "at once")
REPEAT = optional(
    "repeat", duration(60.0, 7 * 86400.0), "Tell again of an incident that is still open.", "never; Alertmanager: 5m"
)
CHANNEL = section(NAME, KIND, URL, URL_FILE, SECRET_FILE, SMTP, FOR, QUIET, DIGEST, REPEAT)

WAIT = defaulted("wait", duration(0.0, 86400.0), _DEFAULTS.wait_s, "How long an incident lasts before anybody is told.", "30s")
GATHER = defaulted(
    "gather", duration(0.0, 86400.0), _DEFAULTS.gather_s, "How long sites of a region that fail join one incident.", "10m"
)
SETTLE = defaulted(
    "settle", duration(1.0, 86400.0), _DEFAULTS.settle_s, "How long all has been well before an incident is over.", "2m"
)
DASHBOARD = optional(
    "dashboard", scalar("http(s):// url", dashboard_url), "The address of this node's dashboard in messages.", "of `listen.admin`"
)
CHANNELS = defaulted("channels", list_of(CHANNEL), (), "Who is told.", "nobody")
ALERTS = section(WAIT, GATHER, SETTLE, DASHBOARD, CHANNELS)


def build(table: Table, absolute: Callable[[str], str]) -> Alerts:
    return Alerts(
        table[WAIT],
        table[GATHER],
        table[SETTLE],
        table[DASHBOARD],
        tuple(_channel(each, absolute) for each in plain(table[CHANNELS])),
    )


def _channel(table: Table, absolute: Callable[[str], str]) -> Channel:
    audience, quiet, smtp = table[FOR], table[QUIET], table[SMTP]
    url_file, secret_file = table[URL_FILE], table[SECRET_FILE]
    return Channel(
        table[NAME],
        cast(ChannelKind, table[KIND]),
        table[URL],
        None if url_file is None else absolute(url_file),
        None if secret_file is None else absolute(secret_file),
        None if smtp is None else _smtp(smtp, absolute),
        Audience(plain(audience[SITES]), plain(audience[REGIONS]), plain(audience[OWNERS]), Severity(audience[SEVERITY])),
        None if quiet is None else Quiet(quiet[FROM], quiet[TO], quiet[TIMEZONE], Severity(quiet[BUT])),
        table[DIGEST],
        table[REPEAT],
    )


def _smtp(table: Table, absolute: Callable[[str], str]) -> Smtp:
    password = table[PASSWORD_FILE]
    return Smtp(
        table[HOST],
        table[SENDER],
        plain(table[RECIPIENTS]),
        table[PORT],
        table[STARTTLS],
        table[TLS],
        table[USER],
        None if password is None else absolute(password),
    )
