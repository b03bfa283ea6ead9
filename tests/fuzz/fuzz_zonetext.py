"""Zone text of any signs: records that can be written to a message, or lines that are said to be wrong."""

from __future__ import annotations

import sys

import dns.name
import dns.rdata
import dns.rdataclass

from gslb.config.zonetext import parse_records


def one_input(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    written, wrong = parse_records(text, "example.net", 300)
    lines = text.count("\n") + 1
    assert all(0 <= misprint.line < lines and misprint.message for misprint in wrong)
    for record, line, rdata, _ in written:
        assert 0 <= line < lines
        assert record.owner.isascii()
        assert record.owner.isprintable()
        assert record.owner == record.owner.lower()
        dns.name.from_text(record.owner.rstrip(".") + ".")  # raises above 255 octets
        assert 0 <= record.ttl_s < 2**31
        assert 0 < record.type < 65536
        again = dns.rdata.from_wire(dns.rdataclass.IN, rdata.rdtype, record.rdata, 0, len(record.rdata))
        assert again.to_wire() == record.rdata == rdata.to_wire()


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
