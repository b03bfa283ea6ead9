"""What a probe can find, one word each.

The words are on the wire and in metrics, so they never change their meaning. Three things follow from a word: whether the
site passed, whether the finding is `severe` (two of them are enough to be down), and whether it is `ours`: the vantage point
is at fault, not the site.
"""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """The outcome of one probe."""

    OK = "ok"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_ROUTE = "no_route"
    RESET = "reset"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_TLS = "timeout_tls"
    TIMEOUT_FIRST_BYTE = "timeout_first_byte"
    TIMEOUT_TOTAL = "timeout_total"
    TLS = "tls"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    WRONG_STATUS = "wrong_status"
    WRONG_CONTENT = "wrong_content"
    REDIRECT = "redirect"
    REDIRECT_LOOP = "redirect_loop"
    THROTTLED = "throttled"
    DNS_RCODE = "dns_rcode"
    EXEC_FAILED = "exec_failed"
    INTERNAL = "internal"

    @property
    def ok(self) -> bool:
        """Whether the site passed."""
        return self is Verdict.OK

    @property
    def severe(self) -> bool:
        """Whether two in a row are enough to be down."""
        return self in _SEVERE

    @property
    def ours(self) -> bool:
        """Whether it says something of the vantage point and nothing of the site."""
        return self in _OURS


_OURS = frozenset({Verdict.INTERNAL, Verdict.NO_ROUTE})
_SEVERE = frozenset({Verdict.WRONG_CONTENT, Verdict.CERTIFICATE_EXPIRED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, the sentence that goes with it, and for THROTTLED the seconds the site asked for."""

    verdict: Verdict
    reason: str
    retry_after_s: float | None = None


class Failed(Exception):
    """Raised inside a prober to end the probe with a finding."""

    def __init__(self, verdict: Verdict, reason: str, error: str = "") -> None:
        super().__init__(reason)
        self.finding = Finding(verdict, reason)
        self.error = error
