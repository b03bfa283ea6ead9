"""Results of every shape that a prober can make."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from probes.model import Exchange, Result, Timings
from probes.record import is_printable
from probes.verdict import Verdict

EPOCH = datetime.fromtimestamp(0, UTC)


def texts(limit: int) -> st.SearchStrategy[str]:
    return st.text(max_size=limit).filter(is_printable)


milliseconds = st.none() | st.floats(0, 3_600_000)

exchanges = st.builds(
    Exchange,
    request=texts(50),
    response=texts(50),
    bytes_read=st.integers(0, 2**40),
    error=texts(50),
    at_utc=texts(40),
    command=texts(50),
    certificate_days=st.none() | st.floats(-4_000_000, 4_000_000),
)

results = st.builds(
    Result,
    key=texts(40),
    site=texts(40),
    address=st.ip_addresses().map(str).filter(lambda address: "%" not in address),
    verdict=st.sampled_from(Verdict),
    reason=texts(50),
    timings=st.builds(
        Timings,
        connect_ms=milliseconds,
        tls_ms=milliseconds,
        first_byte_ms=milliseconds,
        total_ms=milliseconds,
    ),
    exchange=exchanges,
    at_monotonic=st.floats(0, 1e10),
    at_utc=st.integers(0, 4 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us)),
    retry_after_s=st.none() | st.floats(0, 86400),
)
