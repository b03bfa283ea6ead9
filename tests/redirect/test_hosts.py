"""BEHAVIOUR, HTTP 11: which service a Host is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.hosts import Hosts, bare, hosts_of
from gslb.redirect.refusal import Refusal
from tests.steering.world import HOST, SERVICE

HOSTS = hosts_of([SERVICE])


@pytest.mark.parametrize(
    "host", [b"a b", b"a/b", b"a@b", b"a, a", b"a:b", b"a:80:80", b"[::1", b"a\x7f", b"caf\xc3\xa9", b"a?b", b"a#b", b"[g]"]
)
def test_what_is_no_host_is_400(host: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        HOSTS.find(host, False)
    assert refused.value.status == 400


@pytest.mark.parametrize("host", [b"", b"localhost", b"[::1]:8080", b"127.0.0.1", b"x.knoppix.inetboot.net", b"inetboot.net"])
def test_a_name_that_nobody_has_here_is_404(host: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        HOSTS.find(host, False)
    assert refused.value.status == 404


def answer(host: bytes) -> str | int:
    try:
        return HOSTS.find(host, False)
    except Refusal as refusal:
        return refusal.status


@given(st.binary(max_size=60))
def test_any_host_is_a_service_or_a_refusal(host: bytes) -> None:
    found = answer(host)
    assert found in (400, 404) or (found == HOST and bare(host) == HOST.encode())


@given(st.from_regex(r"[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}", fullmatch=True), st.sampled_from(["", ":", ":80", ":65535"]))
def test_port_case_and_final_dot_do_not_matter(name: str, port: str) -> None:
    hosts = Hosts({name.encode(): "service"}, "service")
    for text in (name, name.upper(), name + "."):
        assert hosts.find((text + port).encode(), False) == "service"
