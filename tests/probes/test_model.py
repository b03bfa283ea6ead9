"""Checks and targets: what is refused, and what is the same on the wire."""

from dataclasses import replace

import pytest

from probes.model import Check, Target
from probes.setting import is_own
from probes.verdict import Verdict

TARGET = Target("k", "s", "192.0.2.1", 80, Check("http"), "knoppix.example")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"type": "ftp"}, "type: one of http, https, tcp, dns, exec"),
        ({"path": "x"}, "path: begins with /"),
        ({"path": "/a b"}, "path: begins with /"),
        ({"path": "/a\r\nX: y"}, "path: begins with /"),
        ({"host": "a\r\nb"}, "host: a host name"),
        ({"method": "POST"}, "method: GET or HEAD"),
        ({"method": "HEAD", "contains": "x"}, "method: HEAD brings no body"),
        ({"status": ()}, "status: one or more"),
        ({"status": (99,)}, "status: one or more"),
        ({"size": -1}, "size: bytes, 0 or more"),
        ({"sha256": "0" * 63}, "sha256: 64 lower-case"),
        ({"sha256": "0" * 64, "size": 2**25}, "size: at most 16 MB"),
        ({"port": 0}, "port: 1 to 65535"),
        ({"type": "exec"}, "command: an exec check needs one"),
        ({"type": "exec", "command": ("a\0",)}, "command: no NUL"),
        ({"type": "dns"}, "query_name: a dns check needs"),
        ({"type": "dns", "query_name": "a..b"}, "query_name: no name"),
        ({"type": "dns", "query_name": "a", "query_type": "NOPE"}, "query_type: no record type"),
    ],
)
def test_a_check_that_cannot_be_made_is_refused(values: dict, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        Check(**({"type": "http"} | values))


@pytest.mark.parametrize(
    "changed", [{"address": "example"}, {"address": "fe80::1%lo"}, {"port": 0}, {"host": "a b"}, {"host": ""}]
)
def test_a_target_that_cannot_be_probed_is_refused(changed: dict) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(changed))}: "):
        replace(TARGET, **changed)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("knoppix.example", "knoppix.example"),
        ("knoppix.example.:8443", "knoppix.example"),
        ("[2001:db8::1]:8443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("192.0.2.1:81", "192.0.2.1"),
    ],
)
def test_the_name_for_tls_is_the_host_alone(host: str, name: str) -> None:
    assert replace(TARGET, host=host).server_name == name


def test_key_and_site_make_no_other_exchange_but_for_a_command() -> None:
    assert replace(TARGET, key="l", site="t").exchange == TARGET.exchange
    assert replace(TARGET, host="other.example").exchange != TARGET.exchange
    assert replace(TARGET, check=Check("http", host="knoppix.example")).exchange != TARGET.exchange
    command = replace(TARGET, check=Check("exec", command=("true",)))
    assert replace(command, site="t").exchange != command.exchange


def test_the_host_of_a_check_outranks() -> None:
    assert replace(TARGET, check=Check("http", host="other.example")).sent_host == "other.example"


def test_own_is_compared_as_names_and_addresses_are() -> None:
    own = frozenset({("Go.Example.", None), ("2001:db8::1", 80)})
    assert is_own(own, "go.example", 8080)
    assert is_own(own, "2001:DB8:0::1", 80)
    assert not is_own(own, "2001:db8::1", 443)


def test_severe_are_the_findings_that_are_never_served() -> None:
    assert {verdict for verdict in Verdict if verdict.severe} == {
        Verdict.WRONG_CONTENT,
        Verdict.CERTIFICATE_EXPIRED,
    }
    assert [verdict for verdict in Verdict if verdict.ok] == [Verdict.OK]
    assert [verdict for verdict in Verdict if verdict.ours] == [Verdict.NO_ROUTE, Verdict.INTERNAL]
