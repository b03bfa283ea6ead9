"""What strangers send to log in: cookies, X-CSRF-Token, the way back from an identity provider; and what files say of tokens."""

import sys
from urllib.parse import parse_qsl

from gslb.admin.oidc.desk import CODE_MOST, returned
from gslb.admin.oidc.errand import Errands
from gslb.admin.sessions import Sessions
from gslb.model.token import ROLES
from gslb.runtime.oidcfile import parse_secret
from gslb.runtime.secretfile import Unusable
from gslb.state.tokens import read

SESSIONS, ERRANDS = Sessions(), Errands(b"of the fuzzer alone")
SESSION = SESSIONS.find(SESSIONS.open("digest", 0.0), 0.0)


def one_input(data: bytes) -> None:
    """The first byte says what the rest is."""
    kind, rest = (data[0] % 5 if data else 0), data[1:]
    text = rest.decode("latin-1")
    if kind == 0:  # of a session nobody knows the cookie or the value of our pages
        assert SESSION is not None
        assert SESSIONS.find(text, 1.0) is None
        assert not SESSION.is_vouched_for(text)
    elif kind == 1:  # nobody makes the cookie of an errand
        cookie, _, state = text.partition(" ")
        assert ERRANDS.end(cookie, state, 1.0) is None
    elif kind == 2:
        try:
            query = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return
        came = returned(query)
        assert came is None or (came.state and bool(came.code) != bool(came.error))
        assert came is None or all(len(each or "") <= CODE_MOST and (each or "").isascii() for each in came)
    elif kind == 3:
        token = read(rest.decode("utf-8", "replace"))
        assert token is None or (token.role in ROLES and len(token.sha256) == 64)
    else:
        try:
            secret = parse_secret(rest)
        except Unusable:
            return
        assert secret.isascii()
        assert secret.isprintable()


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
