"""`records_file`: a zone file by path beside `records`, and what a zone may tell of itself in either."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from gslb.config import load
from gslb.errors import ConfigurationError
from gslb.model import Configuration
from tests.config.base import FILE, changed

KEYS = """    nameservers: {ns1.boot.example.net: [192.0.2.53], ns.example.org: []}
    contact: hostmaster@example.net
    ttl: 300s
"""
WHOLE = """\
$TTL 1h
$ORIGIN boot.example.net.
@       SOA ns1 host\\.master (
            2026112301 ; serial
            7200 1800 1209600 900 )
        NS  ns1
        NS  ns.example.org.
ns1     A   192.0.2.53
        AAAA 2001:db8::53
www 60  A   192.0.2.81
"""


def written(folder: Path, text: bytes | str, *, keys: str = KEYS + "    records_file: zones/boot.zone\n") -> Path:
    (folder / "zones").mkdir(exist_ok=True)
    (folder / "zones" / "boot.zone").write_bytes(text.encode() if isinstance(text, str) else text)
    file = folder / FILE
    file.write_text(changed((KEYS, keys)))
    return file


def read(folder: Path, text: bytes | str, keys: str = KEYS + "    records_file: zones/boot.zone\n") -> Configuration:
    return load(written(folder, text, keys=keys))


def refused(folder: Path, text: bytes | str, keys: str = KEYS + "    records_file: zones/boot.zone\n") -> list[str]:
    file = written(folder, text, keys=keys)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


def test_its_records_are_added_to_those_of_the_block(tmp_path):
    [zone] = read(tmp_path, "www A 192.0.2.81\n").zones
    assert {"www.boot.example.net", "go.boot.example.net"} <= {record.owner for record in zone.records}
    assert zone.records_file == str(tmp_path / "zones" / "boot.zone")


def test_a_record_in_both_places_is_one(tmp_path):
    [zone] = read(tmp_path, "go 300 A 192.0.2.80\ngo 300 A 192.0.2.81\n").zones
    assert [record.rdata[-1] for record in zone.records if record.owner == "go.boot.example.net"] == [80, 81]


def test_the_default_ttl_is_that_of_the_zone_until_the_file_says_otherwise(tmp_path):
    [zone] = read(tmp_path, "a A 192.0.2.81\n$TTL 1h\nb A 192.0.2.81\n").zones
    assert [record.ttl_s for record in zone.records[-2:]] == [300, 3600]


def test_a_whole_zone_file_needs_no_other_key(tmp_path):
    [zone] = read(tmp_path, WHOLE, "    records_file: zones/boot.zone\n").zones
    assert zone.nameservers == {
        "ns1.boot.example.net": (ip_address("192.0.2.53"), ip_address("2001:db8::53")),
        "ns.example.org": (),
    }


def test_windows_line_ends_are_read(tmp_path):
    [zone] = read(tmp_path, WHOLE.replace("\n", "\r\n"), "    records_file: zones/boot.zone\n").zones
    assert zone.records[-1].rdata == bytes((192, 0, 2, 81))


def test_faults_have_the_name_of_the_file_and_its_line(tmp_path):
    text = "$INCLUDE other\nwww A here\n\nwww CNAME go\nwww A 192.0.2.81\nmx MX 5 boot.example.net.\n"
    assert refused(tmp_path, text) == [
        "zones/boot.zone:1: zones[0].records_file: $INCLUDE is not read here; write the records out, as `gslb import bind` does",
        'zones/boot.zone:2: zones[0].records_file: "here" is not the data of A '
        "(Text input is malformed); write an IPv4 address, as 192.0.2.1",
        "zones/boot.zone:4: zones[0].records_file: www.boot.example.net CNAME: "
        "an alias stands alone, and there is A of the same name; keep either",
        "zones/boot.zone:6: zones[0].records_file: mx.boot.example.net MX: "
        "boot.example.net is steered, each client would get another host; name one that is not",
    ]


def test_faults_of_the_configuration_come_first(tmp_path):
    keys = KEYS.replace("300s", "never") + "    records_file: zones/boot.zone\n"
    assert [fault.split(": ")[0] for fault in refused(tmp_path, "www A here\n", keys)] == [f"{FILE}:16", "zones/boot.zone:1"]


def test_what_is_not_text_is_told_with_its_line(tmp_path):
    assert refused(tmp_path, b"a TXT x\nb TXT \xff\n") == [
        "zones/boot.zone:2: zones[0].records_file: is not UTF-8: byte 0xff at offset 14; save it as UTF-8"
    ]


def test_a_file_without_end_is_not_read_to_its_end(tmp_path):
    [fault] = refused(tmp_path, b";" * (4 * 1024 * 1024 + 1))
    assert fault == (
        f'{FILE}:17: zones[0].records_file: "zones/boot.zone" is larger than 4 MB; '
        "delegate a part of the zone, or serve it elsewhere"
    )


def test_another_text_is_another_digest_and_the_same_text_the_same(tmp_path):
    first, again = read(tmp_path, "www A 192.0.2.81\n"), read(tmp_path, "www A 192.0.2.81\n")
    other = read(tmp_path, "www A 192.0.2.82\n")
    assert first.digest == again.digest != other.digest
    assert [path for path, _ in other.files] == [str(tmp_path / FILE), str(tmp_path / "zones" / "boot.zone")]
    assert first.files[0] == other.files[0]
    assert first.files[1] != other.files[1]


def test_a_long_way_of_aliases_is_refused_and_told_in_time(tmp_path):
    chain = "".join(f"a{number} CNAME a{number + 1}\n" for number in range(3000))
    faults = refused(tmp_path, chain)
    assert faults[0] == (
        "zones/boot.zone:1: zones[0].records_file: a0.boot.example.net CNAME: "
        "leads through more than 8 aliases, where resolvers give up; shorten it"
    )
    assert len(faults) == 3000 - 8
