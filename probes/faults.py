"""An exception of a socket, in terms of the site: whose fault it is, and in which words."""

import errno
import socket
import ssl
from collections.abc import Iterator

from probes.verdict import Finding, Verdict

# OpenSSL's X509_V_ERR_*: what a person has to do differs, so they are told apart.
_CERTIFICATE_FAULTS = {
    9: (Verdict.CERTIFICATE_UNTRUSTED, "the certificate is not valid yet"),
    10: (Verdict.CERTIFICATE_EXPIRED, "the certificate has expired"),
    62: (Verdict.CERTIFICATE_NAME, "the certificate is for another name"),
    64: (Verdict.CERTIFICATE_NAME, "the certificate is for another address"),
}

_ERRNO_FAULTS = {
    errno.ECONNREFUSED: (Verdict.REFUSED, "connection refused"),
    errno.ECONNRESET: (Verdict.RESET, "connection reset"),
    errno.EPIPE: (Verdict.RESET, "connection closed while sending"),
    errno.ETIMEDOUT: (Verdict.TIMEOUT_CONNECT, "the network gave up connecting"),
    errno.EHOSTUNREACH: (Verdict.UNREACHABLE, "host unreachable"),
    errno.ENETUNREACH: (Verdict.UNREACHABLE, "network unreachable from this vantage point"),
    errno.EADDRNOTAVAIL: (Verdict.UNREACHABLE, "no route of this address family from this vantage point"),
}


def explain(error: BaseException) -> Finding:
    """The finding for an exception, looking through what wraps it. INTERNAL for what nobody foresaw."""
    for cause in causes(error):
        found = _of_certificate(cause) or _of_socket(cause)
        if found is not None:
            return found
    return Finding(Verdict.INTERNAL, f"the probe itself failed: {type(error).__name__}: {error}")


def placed(finding: Finding, address: str) -> Finding:
    """The same finding, or NO_ROUTE where an address is unreachable since this machine itself has no way there."""
    if finding.verdict is Verdict.UNREACHABLE and not has_route(address):
        family = "IPv6" if ":" in address else "IPv4"
        return Finding(Verdict.NO_ROUTE, f"this vantage point has no {family} route to {address}")
    return finding


def has_route(address: str) -> bool:
    """Asks the kernel alone: a UDP socket that connects sends nothing, so what a router says can't be the answer."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, 9))
        except OSError as error:
            return error.errno not in (errno.ENETUNREACH, errno.EADDRNOTAVAIL)
    return True


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it, the root first: it knows most."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return reversed(chain)


def _of_certificate(error: BaseException) -> Finding | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = getattr(error, "verify_message", "") or "verification failed"
        untrusted = (Verdict.CERTIFICATE_UNTRUSTED, "the certificate is not trusted")
        verdict, what = _CERTIFICATE_FAULTS.get(getattr(error, "verify_code", 0), untrusted)
        return Finding(verdict, f"{what}: {detail}")
    if isinstance(error, ssl.SSLError):
        return Finding(Verdict.TLS, f"TLS failed: {error.reason or error}")
    return None


def _of_socket(error: BaseException) -> Finding | None:
    if not isinstance(error, OSError) or error.errno is None:
        return None
    if error.errno in _ERRNO_FAULTS:
        return Finding(*_ERRNO_FAULTS[error.errno])
    return None
