"""What every test may count on: asyncio alone, and hypothesis that gives the same examples every time."""

import os
import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# A deadline measures the machine, not the code. `ci` derandomizes: a failure is the change's, not the day's.
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile(
    "long", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A command that a test runs in this process sets up the log; the next test has its own standard error."""
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("needs_root"):
            item.add_marker(pytest.mark.skip(reason="needs root"))


# Started in the background of a script, we would ignore Ctrl-C, and so would every node that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
