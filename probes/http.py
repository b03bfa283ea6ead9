"""The http and https probers: one GET or HEAD of the address itself, as a boot client would send it.

Bytes: 512 of the object (4096 when `contains` is looked for) and about as much for the two heads: at an
interval of 10 s some 6 KB a minute for http, and the handshake, some 5 KB each, with https. Only `sha256`
fetches whole objects.
"""

import shlex
import ssl

from probes import transport
from probes.answer import judge_body, judge_head
from probes.model import Result, Target
from probes.record import Record, concluded
from probes.setting import Setting
from probes.verdict import Finding


async def probe_http(target: Target, setting: Setting) -> Result:
    """Probe over HTTP or HTTPS, as the type of the check says."""
    headers = headers_of(target, setting)
    # Before the clock starts: the first use reads hundreds of authorities.
    context = setting.tls_for(target.check.verify and target.check.type == "https")
    record = Record(target, setting, request=request_text(target, headers), command=curl(target, setting))
    return await concluded(record, _exchange(record, headers, context))


async def _exchange(record: Record, headers: list[tuple[str, str]], context: ssl.SSLContext) -> Finding:
    target, setting = record.target, record.setting
    async with transport.opened(record, headers, context) as answer:
        fault = judge_head(target, setting.own, answer.head, setting.utc_now())
        if fault is not None:
            return fault
        body = await answer.read(target.read_limit, hashed=target.check.sha256 is not None)
        return judge_body(target, answer.head, body)


def headers_of(target: Target, setting: Setting) -> list[tuple[str, str]]:
    """What goes with the request, as it goes."""
    headers = [("Host", target.sent_host), ("User-Agent", setting.agent), ("Accept", "*/*")]
    headers += [("Accept-Encoding", "identity"), ("Connection", "close")]
    if target.ranged:
        headers.append(("Range", f"bytes=0-{target.read_limit - 1}"))
    return headers


def request_text(target: Target, headers: list[tuple[str, str]]) -> str:
    """The request, byte for byte."""
    lines = [f"{target.check.method} {target.check.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""])


def curl(target: Target, setting: Setting) -> str:
    """A curl command line that repeats the probe, to the address itself."""
    check = target.check
    words = curl_words(target, setting)
    words += ["-r", f"0-{target.read_limit - 1}"] if target.ranged else []
    words += [] if check.method == "HEAD" or check.sha256 is not None else ["-i"]
    line = shlex.join([*words, curl_url(target)])
    return f"{line} | sha256sum" if check.sha256 is not None else line


def curl_words(target: Target, setting: Setting) -> list[str]:
    """The program and its options for a request of the whole, to the address itself; the URL has to follow."""
    address = f"[{target.address}]" if ":" in target.address else target.address
    words = ["curl", "-q", "-sS", "-g", "--path-as-is", "--http1.1", "--noproxy", "*"]
    words += ["--connect-timeout", f"{setting.phase_s:g}", "--max-time", f"{setting.timeout_s:g}"]
    words += ["--connect-to", f"::{address}:{target.port}", "-A", setting.agent]
    words += ["-H", "Accept-Encoding: identity"]
    words += ["-I"] if target.check.method == "HEAD" else []
    return words + (["-k"] if target.check.type == "https" and not target.check.verify else [])


def curl_url(target: Target) -> str:
    return f"{target.check.type}://{target.sent_host}{target.check.path}"
