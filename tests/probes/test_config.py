"""The file of gslb-probe: what it may say, and every fault with its line."""

from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from probes.config import VantageConfig, load
from probes.located import ConfigError
from probes.model import Check, Target

WHOLE = """\
vantage: tokyo
location: [35.68, 139.77]
node_urls: ["http://192.0.2.53:8053"]
token_file: probe.token
contact: hostmaster@inetboot.net
interval: 500ms
timeout: 4s
own: [knoppix.inetboot.net, "192.0.2.80:8080", "[2001:db8::80]:80"]
targets:
  - site: jp-tokyo-1
    address: 192.0.2.33
    host: knoppix.inetboot.net
    check: {type: http, path: /v1.0/index.idx, status: [200, 206]}
  - {site: jp-tokyo-1, address: "2001:db8:33::1", check: {type: https, host: jp-1.example, verify: false}}
  - {site: ns, address: 192.0.2.34, check: {type: dns, query_name: inetboot.net, query_type: SOA}}
  - {site: disk, address: 192.0.2.35, check: {type: exec, command: [test, -e, /x]}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "probe.yaml"
    path.write_text(text)
    return path


def faults(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ConfigError) as refusal:
        load(path)
    return [fault.removeprefix(f"{path}:") for fault in refusal.value.faults]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    check = Check("http", path="/v1.0/index.idx", status=(200, 206))
    https = Check("https", host="jp-1.example", verify=False)
    dns = Check("dns", query_name="inetboot.net", query_type="SOA")
    program = Check("exec", command=("test", "-e", "/x"))
    assert load(path) == VantageConfig(
        vantage="tokyo",
        node_urls=("http://192.0.2.53:8053",),
        token_file=tmp_path / "probe.token",
        location=(35.68, 139.77),
        contact="hostmaster@inetboot.net",
        interval_s=0.5,
        timeout_s=4.0,
        own=frozenset({("knoppix.inetboot.net", None), ("192.0.2.80", 8080), ("[2001:db8::80]", 80)}),
        targets=(
            Target("jp-tokyo-1#0", "jp-tokyo-1", "192.0.2.33", 80, check, "knoppix.inetboot.net"),
            Target("jp-tokyo-1#1", "jp-tokyo-1", "2001:db8:33::1", 443, https, "jp-1.example"),
            Target("ns#2", "ns", "192.0.2.34", 53, dns, "192.0.2.34"),
            Target("disk#3", "disk", "192.0.2.35", 0, program, "192.0.2.35"),
        ),
    )


def test_the_name_is_enough(tmp_path: Path) -> None:
    assert load(written(tmp_path, "vantage: tokyo\n")) == VantageConfig("tokyo")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["1: file: a mapping of keys to values"]),
        ("- a", ["1: file: a mapping of keys to values"]),
        ("vantage: [", ["1: expected the node content, but found '<stream end>'"]),
        ("location: [1, 2]", ["1: vantage: missing: the name of this vantage point"]),
        ("vantage: 7", ["1: vantage: a text"]),
        ("vantage: a b", ["1: vantage: letters, digits, dots, dashes and underscores, at most 63"]),
        ("vantage: a\nvantage: b", ['2: found duplicate key "vantage" with value "b" (original value: "a")']),
        ("vantage: a\ninterfal: 3s", ["2: interfal: unknown key"]),
        ("vantage: a\n1: 3s", ["2: 1: unknown key"]),
        ("vantage: a\ninterval: 10", ["2: interval: a duration such as 500ms, 10s or 5m, at most a day"]),
        ("vantage: a\ntimeout: 0s", ["2: timeout: a duration such as 500ms, 10s or 5m, at most a day"]),
        ("vantage: a\nlocation: [91, 0]", ["2: location: [latitude, longitude] in degrees"]),
        ("vantage: a\nlocation: [.nan, 0]", ["2: location: [latitude, longitude] in degrees"]),
        ("vantage: a\nnode_urls: ftp://x", ["2: node_urls: a list of texts"]),
        ("vantage: a\nnode_urls: [ftp://x]", ["2: node_urls: a list of http:// or https:// URLs"]),
        ("vantage: a\ncontact: a b", ["2: contact: a mail address or URL, at most 200 characters"]),
        ("vantage: a\nown: [x, 'a:99999']", ["2: own: 'a:99999' is not a host, or host and port"]),
        ("vantage: a\ntargets: {}", ["2: targets: a list"]),
        ("vantage: a\ntargets:\n- x", ["3: targets[0]: a mapping"]),
        (
            "vantage: a\nca_file: none.pem",
            ["2: ca_file: cannot be used: [Errno 2] No such file or directory"],
        ),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, told: list[str]) -> None:
    assert faults(tmp_path, text) == told


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = """\
vantage: tokyo
targets:
  - {site: a, address: 192.0.2.1}
  - site: b
    address: example
    check: {type: http, path: x}
  - site: c
    address: example
    check: {type: tcp}
    weight: 3
  - {site: d, address: 192.0.2.1, check: {type: http, verify: 1, status: 200, colour: red}}
  - {site: e, address: 192.0.2.1, check: {path: /}}
"""
    assert faults(tmp_path, text) == [
        "3: targets[0].check: missing",
        "6: targets[1].check.path: begins with / and is plain ASCII without spaces; encode the rest with %",
        "8: targets[2].address: 'example' is not an IP address",
        "9: targets[2].check.port: missing: a tcp check needs one",
        "10: targets[2].weight: unknown key",
        "11: targets[3].check.colour: unknown key",
        "11: targets[3].check.status: a list of whole numbers",
        "11: targets[3].check.verify: true or false",
        "12: targets[4].check.type: missing",
    ]


def test_an_authority_file_is_beside_the_file(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert load(written(tmp_path, "vantage: a\nca_file: ca.pem\n")).ca_file == tmp_path / "ca.pem"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="more than 4 MB"):
        load(Path("/dev/zero"))


@given(st.text(max_size=80) | st.lists(st.sampled_from(WHOLE.splitlines())).map("\n".join))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    told = [f"{path}:"]
    try:
        load(path)
    except ConfigError as refusal:
        told = refusal.faults
    assert told
    assert all(fault.startswith(f"{path}:") for fault in told)
