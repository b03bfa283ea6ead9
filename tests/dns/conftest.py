"""One door for all tests that only ask; tests that change something open their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gslb.dns import Responder
from tests.dns import worlds
from tests.dns.door import TRANSPORTS, Door, Transport, opened


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    with opened(Responder(worlds.serving(known=tuple(worlds.PLACES)), node="tokyo-1")) as door:
        yield door
        assert not [key for key in door.responder.counters if key[0] == "gslb_dns_failures_total"]


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    """Each way in which a message reaches us."""
    way: Transport = request.param
    return way
