"""https: the chain, the name, the date, and what a person is told of each."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from probes.http import probe_http
from probes.model import Check
from probes.setting import Setting, trusting
from probes.verdict import Verdict
from tests.probes.peers import HOST, answering, listening, page, silence

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def setting(authority: trustme.CA) -> Setting:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Setting(timeout_s=4.0, tls=context)


def served(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_good_certificate_for_our_host_is_ok(authority: trustme.CA, setting: Setting, address: str) -> None:
    certificate = authority.issue_cert(HOST, not_after=NOW + timedelta(days=30))
    async with answering(page(), address, served(certificate)) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
    assert (result.verdict, result.reason) == (Verdict.OK, "answered 200")
    assert result.timings.tls_ms is not None
    assert result.exchange.certificate_days is not None
    assert 29 < result.exchange.certificate_days <= 30


@pytest.mark.parametrize(("host", "asked"), [(HOST, HOST), (f"{HOST}:8443", HOST), ("127.0.0.1:8443", None)])
async def test_sni_is_the_host_without_its_port(authority: trustme.CA, setting: Setting, host: str, asked: str | None) -> None:
    names: list[str | None] = []
    context = served(authority.issue_cert(HOST, "127.0.0.1"))
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    async with answering(page(), tls=context) as peer:
        result = await probe_http(peer.target(Check("https"), host=host), setting)
    assert result.ok
    assert names == [asked]


async def test_an_expired_certificate_is_named_and_severe(authority: trustme.CA, setting: Setting) -> None:
    certificate = authority.issue_cert(HOST, not_before=NOW - timedelta(days=9), not_after=NOW - timedelta(days=1))
    async with answering(page(), tls=served(certificate)) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
        unverified = await probe_http(peer.target(Check("https", verify=False)), setting)
    assert result.verdict is Verdict.CERTIFICATE_EXPIRED
    assert result.verdict.severe
    assert result.reason == "the certificate has expired: certificate has expired"
    assert unverified.ok
    assert unverified.exchange.certificate_days is not None
    assert -1.1 < unverified.exchange.certificate_days < -0.9


async def test_a_certificate_that_is_not_valid_yet_is_untrusted(authority: trustme.CA, setting: Setting) -> None:
    certificate = authority.issue_cert(HOST, not_before=NOW + timedelta(days=1), not_after=NOW + timedelta(days=2))
    async with answering(page(), tls=served(certificate)) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
    assert result.verdict is Verdict.CERTIFICATE_UNTRUSTED
    assert "not valid yet" in result.reason


async def test_a_certificate_for_another_name_is_named(authority: trustme.CA, setting: Setting) -> None:
    async with answering(page(), tls=served(authority.issue_cert("other.example"))) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
        by_address = await probe_http(peer.target(Check("https"), host="127.0.0.1"), setting)
    assert result.verdict is Verdict.CERTIFICATE_NAME
    assert by_address.verdict is Verdict.CERTIFICATE_NAME


async def test_a_stranger_authority_is_untrusted_unless_nobody_verifies(setting: Setting) -> None:
    async with answering(page(), tls=served(trustme.CA().issue_cert(HOST))) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
        unverified = await probe_http(peer.target(Check("https", verify=False)), setting)
    assert result.verdict is Verdict.CERTIFICATE_UNTRUSTED
    assert unverified.ok
    assert " -k " in unverified.exchange.command


async def test_plain_http_on_the_port_is_a_tls_fault(setting: Setting) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(page())
        await writer.drain()
        await reader.read()

    async with listening(handler) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
    assert result.verdict is Verdict.TLS


async def test_a_connection_closed_in_the_handshake_is_a_tls_fault(setting: Setting) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)

    async with listening(handler) as peer:
        result = await probe_http(peer.target(Check("https")), setting)
    assert (result.verdict, result.timings.tls_ms) in [(Verdict.TLS, None), (Verdict.RESET, None)]


async def test_silence_in_the_handshake_times_out_there() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence(writer)

    async with listening(handler) as peer:
        result = await probe_http(peer.target(Check("https")), Setting(timeout_s=0.6, phase_s=0.3))
    assert (result.verdict, result.reason) == (Verdict.TIMEOUT_TLS, "no TLS handshake within 0.3 s")


async def test_an_authority_can_come_from_a_file(authority: trustme.CA, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    async with answering(page(), tls=served(authority.issue_cert(HOST))) as peer:
        result = await probe_http(peer.target(Check("https")), Setting(tls=trusting(str(file))))
    assert result.ok


async def test_the_curl_line_repeats_the_probe_with_its_name(authority: trustme.CA, setting: Setting) -> None:
    async with answering(page(), tls=served(authority.issue_cert(HOST))) as peer:
        result = await probe_http(peer.target(Check("https", verify=False), host=HOST), setting)
        process = await asyncio.create_subprocess_shell(result.exchange.command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert out.startswith(b"HTTP/1.1 200 OK")
    assert all(b"Host: knoppix.example\r\n" in head for head in peer.heads)
