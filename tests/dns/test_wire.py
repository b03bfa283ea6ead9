"""Reading a query: what is refused, and that nothing is read past the end."""

from __future__ import annotations

from typing import Any

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.cursor import Cursor, Malformed
from gslb.dns.edns import OPTIONS_MAX, BadOption, read_subnet
from gslb.dns.wire import RECORDS_MAX, read_query

HEADER = bytes.fromhex("1234 0000 0001 0000 0000 0000")
QUESTION = b"\x02Go\x08inetboot\x04test\0\0\x01\0\x01"


def header(questions: int = 1, answers: int = 0, authority: int = 0, additional: int = 0) -> bytes:
    counts = (questions, answers, authority, additional)
    return b"\x12\x34\0\0" + b"".join(count.to_bytes(2, "big") for count in counts)


def opt(options: bytes = b"", owner: bytes = b"\0", size: int = 1232, ttl: bytes = bytes(4)) -> bytes:
    return owner + b"\0\x29" + size.to_bytes(2, "big") + ttl + len(options).to_bytes(2, "big") + options


def option(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def test_a_question_is_read_in_lower_case_and_kept_as_it_came() -> None:
    query = read_query(HEADER + QUESTION)
    assert query.name == b"\x02go\x08inetboot\x04test\0"
    assert query.question == QUESTION
    assert (query.type, query.klass, query.edns) == (1, 1, None)


def test_octets_after_the_counted_records_are_ignored() -> None:
    assert read_query(HEADER + QUESTION + b"\xff" * 9) == read_query(HEADER + QUESTION)


@pytest.mark.parametrize("questions", [0, 2, 65535])
def test_a_query_has_one_question_rfc_9619_section_4(questions: int) -> None:
    with pytest.raises(Malformed):
        read_query(header(questions) + QUESTION * 2)


@pytest.mark.parametrize(
    "name",
    [
        b"",
        b"\x02g",
        b"\x03www",
        b"\xc0\x0c",
        b"\xc0\x00",
        b"\xc0",
        b"\x01a\xc0\x0c",
        b"\x40aaaa\0",
        b"\x80a\0",
        b"\x3f" + b"a" * 63,
        (b"\x3f" + b"a" * 63) * 4 + b"\0",
        b"\x01a" * 127 + b"\x01a\0",
    ],
)
def test_a_malformed_name_in_the_question_rfc_1035_section_4_1_4(name: bytes) -> None:
    with pytest.raises(Malformed):
        read_query(HEADER + name + (b"" if len(name) < 5 else b"\0\x01\0\x01"))


def test_a_name_of_255_octets_is_the_longest_rfc_1035_section_2_3_4() -> None:
    name = b"\x01a" * 127 + b"\0"
    assert read_query(HEADER + name + b"\0\x01\0\x01").name == name


@pytest.mark.parametrize("counts", [(1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (1, 65535, 65535, 65535)])
def test_counts_that_do_not_fit_the_octets(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(Malformed):
        read_query(header(*counts) + QUESTION)


@pytest.mark.parametrize("section", range(4), ids=["question", "answer", "authority", "additional"])
def test_so_many_records_that_reading_them_would_hold_up_others_are_refused(section: int) -> None:
    record = QUESTION if not section else b"\0" + b"\0\x01\0\x01" + bytes(6)
    counts = [1, 0, 0, 0]
    counts[section] = RECORDS_MAX + bool(not section)
    with pytest.raises(Malformed, match="more records"):
        read_query(header(*counts) + QUESTION + record * RECORDS_MAX)


def test_records_before_the_opt_are_passed_with_their_compressed_names() -> None:
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01"
    query = read_query(header(1, 1, 1, 3) + QUESTION + record * 3 + opt(size=4096) + record)
    assert query.edns is not None
    assert query.edns.size == 4096


@pytest.mark.parametrize(
    "owner",
    [
        b"\xc0\x22",  # itself
        b"\xc0\xff",  # forward
        b"\x01a\xc0\x22",
        b"\xbf\x0c",
        b"\x41",
        b"\xc0",
    ],
)
def test_a_malformed_name_in_another_section(owner: bytes) -> None:
    assert len(HEADER + QUESTION) == 0x22
    with pytest.raises(Malformed):
        read_query(header(1, 1) + QUESTION + owner + b"\0\x01\0\x01\0\0\0\x3c\0\0")


def test_pointers_that_lengthen_a_name_over_255_octets() -> None:
    wire = (b"\x3f" + b"a" * 63) * 2 + b"\0"
    at = len(wire)
    wire += (b"\x3f" + b"b" * 63) * 2 + b"\xc0\x00"
    with pytest.raises(Malformed):
        Cursor(wire, at).skip_name()


def test_a_long_chain_of_pointers_leads_to_a_name() -> None:
    wire = b"\0" + b"".join((0xC000 | max(0, 2 * n - 1)).to_bytes(2, "big") for n in range(100))
    cursor = Cursor(wire, 1 + 2 * 99)
    assert cursor.skip_name()
    assert cursor.at == len(wire)


def test_all_names_of_a_message_cost_no_more_than_its_octets() -> None:
    """Three hundred records that each point elsewhere into one long name: 4 KB took as long as 200 plain queries."""
    longest = b"\x01" * 252 + b"\0"  # every octet of it starts a name
    fixed = b"\0\x01\0\x01\0\0\0\0\0\0"
    first = len(HEADER + QUESTION)
    body = longest + fixed
    records = 1
    while len(body) < 4000:
        body += (0xC000 | first + records % 250).to_bytes(2, "big") + fixed
        records += 1
    walked = 0

    class Counted(bytes):
        def __getitem__(self, at: Any) -> Any:
            nonlocal walked
            walked += 1
            return super().__getitem__(at)

    cursor = Cursor(Counted(header(1, records) + QUESTION + body), first)
    for _ in range(records):
        cursor.skip_name()
        cursor.skip(len(fixed))
    assert walked < 2 * (len(body) + len(QUESTION) + len(HEADER))


@given(st.binary(max_size=80), st.lists(st.integers(0, 79), min_size=1, max_size=8))
def test_a_name_reads_the_same_whatever_was_read_before(data: bytes, starts: list[int]) -> None:
    used = Cursor(data)
    for start in starts:
        assert _skipped(used, start) == _skipped(Cursor(data), start)


def _skipped(cursor: Cursor, at: int) -> tuple[bool, int] | None:
    cursor.at = at
    try:
        return cursor.skip_name(), cursor.at
    except Malformed:
        return None


class TestOpt:
    def test_do_version_and_size(self) -> None:
        edns = read_query(header(1, 0, 0, 1) + QUESTION + opt(ttl=b"\0\x01\x80\0", size=512)).edns
        assert edns is not None
        assert (edns.size, edns.version, edns.do) == (512, 1, True)

    def test_two_of_them_rfc_6891_section_6_1_1(self) -> None:
        with pytest.raises(Malformed):
            read_query(header(1, 0, 0, 2) + QUESTION + opt() * 2)

    @pytest.mark.parametrize("owner", [b"\x01a\0", b"\xc0\x0c"])
    def test_an_owner_that_is_not_the_root_rfc_6891_section_6_1_2(self, owner: bytes) -> None:
        with pytest.raises(Malformed):
            read_query(header(1, 0, 0, 1) + QUESTION + opt(owner=owner))

    def test_so_many_options_that_reading_them_would_hold_up_others_are_refused(self) -> None:
        many = option(65001, b"") * OPTIONS_MAX
        assert read_query(header(1, 0, 0, 1) + QUESTION + opt(many)).edns is not None
        with pytest.raises(BadOption, match="more options"):
            read_query(header(1, 0, 0, 1) + QUESTION + opt(many + option(65001, b"")))

    @pytest.mark.parametrize("options", [b"\0", b"\0\x03\0", b"\0\x03\0\x01", option(3, b"") + b"\0\x08\0\x09abc"])
    def test_an_option_that_overruns_rfc_6891_section_6_1_2(self, options: bytes) -> None:
        with pytest.raises(BadOption):
            read_query(header(1, 0, 0, 1) + QUESTION + opt(options))

    def test_options_of_another_version_are_not_read_rfc_6891_section_6_1_3(self) -> None:
        edns = read_query(header(1, 0, 0, 1) + QUESTION + opt(b"\0", ttl=b"\0\x02\0\0")).edns
        assert edns is not None
        assert edns.version == 2

    def test_an_opt_that_overruns(self) -> None:
        with pytest.raises(Malformed):
            read_query(header(1, 0, 0, 1) + QUESTION + opt(b"abcd")[:-1])

    def test_options_it_knows_and_options_it_does_not(self) -> None:
        options = option(3, b"") + option(11, b"") + option(65001, b"x") + option(8, b"\0\x01\x18\0\x85\x0b\0")
        edns = read_query(header(1, 0, 0, 1) + QUESTION + opt(options)).edns
        assert edns is not None
        assert (edns.nsid, edns.keepalive, edns.other) == (True, True, True)
        assert edns.subnet is not None
        assert (edns.subnet.family, edns.subnet.length, edns.subnet.network) == (4, 24, 0x850B0000)

    def test_two_client_subnets(self) -> None:
        with pytest.raises(BadOption):
            read_query(header(1, 0, 0, 1) + QUESTION + opt(option(8, b"\0\x01\0\0") * 2))


class TestClientSubnet:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "shorter than 4"),
            ("000118", "shorter than 4"),
            ("0003 00 00", "unknown family"),
            ("ffff 18 00 0a0000", "unknown family"),
            ("0001 21 00 0a00000000", "longer than an address"),
            ("0002 81 00" + "20" + "00" * 16, "longer than an address"),
            ("0001 18 00 0a00", "octets of address"),
            ("0001 18 00 0a000000", "octets of address"),
            ("0001 00 00 00", "octets of address"),
            ("0001 18 18 0a0000", "scope"),
            ("0001 17 00 0a0001", "bits set"),
            ("0001 09 00 0a40", "bits set"),
            ("0002 39 00 20010db800000020", "bits set"),
            ("0000 08 00 0a", "family 0"),
            ("0000 00 00 0a", "family 0"),
            ("0000 00 08", "scope"),
        ],
    )
    def test_is_refused_as_rfc_7871_section_7_1_2_says(self, text: str, why: str) -> None:
        with pytest.raises(Malformed, match=why):
            read_subnet(bytes.fromhex(text))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0001 18 00 0a0100", (4, 24, 0x0A010000)),
            ("0001 20 00 0a010203", (4, 32, 0x0A010203)),
            ("0001 09 00 0a80", (4, 9, 0x0A800000)),
            ("0001 00 00", (4, 0, 0)),
            ("0000 00 00", (4, 0, 0)),
            ("0002 38 00 20010db8000001", (6, 56, 0x20010DB8000001 << 72)),
            ("0002 80 00" + "20" * 16, (6, 128, int("20" * 16, 16))),
        ],
    )
    def test_is_read(self, text: str, expected: tuple[int, int, int]) -> None:
        subnet = read_subnet(bytes.fromhex(text))
        assert (subnet.family, subnet.length, subnet.network) == expected

    @given(st.sampled_from([(1, 32), (2, 128)]), st.data())
    def test_is_what_dnspython_writes(self, kind: tuple[int, int], data: st.DataObject) -> None:
        family, bits = kind
        length = data.draw(st.integers(0, bits))
        address = data.draw(st.ip_addresses(v=4 if family == 1 else 6))
        written = dns.edns.ECSOption(str(address), length).to_wire()
        assert written is not None
        subnet = read_subnet(written)
        shift = bits - length
        assert (subnet.length, subnet.network) == (length, int(address) >> shift << shift)
        assert subnet.option(17)[4:] == written[:3] + b"\x11" + written[4:]


@given(st.binary(max_size=300))
def test_reading_ends_in_a_query_or_in_malformed(data: bytes) -> None:
    wire = HEADER[:10] + b"\0\x01" + data
    try:
        query = read_query(wire)
    except Malformed:
        return
    assert query.question == wire[12 : 12 + len(query.name) + 4]
    assert len(query.name) <= 255


@given(st.binary(min_size=12, max_size=300))
def test_what_dnspython_reads_is_read_alike(data: bytes) -> None:
    """dnspython is laxer with options, and stricter with data that we have no business with."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except Exception:
        return
    if len(message.question) != 1 or data[4:6] != b"\0\x01":
        return
    try:
        query = read_query(data)
    except Malformed:
        return
    assert query.name == message.question[0].name.canonicalize().to_wire()
