"""What the admin side reads of a request by itself: Host, Authorization, the form of a log-in, Last-Event-ID,
If-None-Match, Idempotency-Key."""

import sys

from gslb.admin import credentials
from gslb.admin.conventions.etags import matches
from gslb.admin.conventions.idempotency import is_key
from gslb.admin.credentials import Host


def one_input(data: bytes) -> None:
    """The first byte says what the rest is."""
    kind, rest = (data[0] % 6 if data else 0), data[1:]
    text = rest.decode("latin-1")
    if kind == 0:
        host = Host.parse(text)
        assert host is None or (host.name and host.name == host.name.lower() and (host.port is None or host.port <= 65535))
    elif kind == 1:
        token = credentials.bearer(text)
        assert token is None or (token.isascii() and " " not in token and len(token) <= credentials.LONGEST_TOKEN)
    elif kind == 2:
        token = credentials.form_token(rest)
        assert token is None or (token.isascii() and len(token) <= credentials.LONGEST_TOKEN)
    elif kind == 4:
        assert matches(text, '"tag"') == (text.strip() == "*" or '"tag"' in text)
    elif kind == 5:
        assert is_key(text) == (0 < len(text) <= 255 and all("!" <= letter <= "~" for letter in text))
    else:
        number = credentials.event_number(text)
        assert number is None or 0 <= number < 10**15
    # Local is who is local, whatever a header says.
    assert not credentials.is_local({"host": text}, "198.51.100.7", ("127.0.0.1", 8053))


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
