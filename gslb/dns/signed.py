"""A signed query: verified, answered as any other, and the answer signed (RFC 8945 section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gslb.dns.codes import NOTAUTH, RCODE_NAMES, TRANSPORT_NAMES, TYPE_NAMES
from gslb.dns.cursor import Malformed
from gslb.dns.edns import opt_record
from gslb.dns.keyring import TsigSecret
from gslb.dns.reply import failed, truncated
from gslb.dns.serving import Kept
from gslb.dns.tsig import ERROR_NAMES, Transaction, verify
from gslb.dns.wire import Query


def answer_signed(
    wire: bytes,
    query: Query,
    keys: Mapping[str, TsigSecret],
    *,
    now_s: int,
    transport: int,
    limit: int,
    answer: Callable[[bytes], Kept],
) -> Kept:
    """`answer` gets the query without its TSIG. Malformed: the TSIG is not well-formed, or its names are so long that no
    answer has room for them."""
    transaction = verify(wire, query.tsig, keys, now_s)
    if transaction.error:
        return _fitting(_refused(wire, query, transaction, now_s, transport), limit)
    kept = answer(transaction.wire)
    tail, counters = kept.tail, kept.counters
    if len(tail) + 2 + transaction.room > limit:  # section 5.3: TC, and the TSIG stays
        opt = b"" if query.edns is None else opt_record(query.edns.do)
        tail = truncated(tail, query.question, query.edns, opt, limit)
        counters = (*counters, ("gslb_dns_truncated_total", TRANSPORT_NAMES[transport]))
    signed = transaction.sign(wire[:2] + tail, now_s)[2:]
    # who has the key has not forged the address
    return _fitting(replace(kept, tail=signed, counters=counters, brief=b"", known=True), limit)


def _fitting(kept: Kept, limit: int) -> Kept:
    if len(kept.tail) + 2 > limit:
        raise Malformed("TSIG with names that leave no room for an answer")
    return kept


def _refused(wire: bytes, query: Query, transaction: Transaction, now_s: int, transport: int) -> Kept:
    opt = b"" if query.edns is None else opt_record(query.edns.do)
    tail = failed(wire, NOTAUTH, query.question, opt)
    counters = (
        ("gslb_dns_answers_total", TRANSPORT_NAMES[transport], TYPE_NAMES.get(query.type, "other"), RCODE_NAMES[NOTAUTH]),
        ("gslb_dns_tsig_failures_total", ERROR_NAMES[transaction.error]),
    )
    return Kept(transaction.sign(wire[:2] + tail, now_s)[2:], counters, query.type)
