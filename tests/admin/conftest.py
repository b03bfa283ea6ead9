from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from gslb.admin import create_app
from tests.admin.bench import Bench

HOST = "127.0.0.1:8053"
Visit = Callable[..., TestClient]


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


@pytest.fixture
def visit(node: Bench) -> Visit:
    """A client of the node: `visit(token)` from elsewhere with a token, `visit()` from loopback without."""
    app = create_app(node, lambda: node.utc)

    def visitor(token: str | None = None, peer: str | None = None, host: str | None = None, **headers: str) -> TestClient:
        peer = peer or ("198.51.100.7" if token else "127.0.0.1")
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        base = f"http://{host or HOST}"
        return TestClient(app, base_url=base, client=(peer, 40000), headers=headers, follow_redirects=False)

    return visitor
