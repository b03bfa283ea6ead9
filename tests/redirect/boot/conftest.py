import pytest


@pytest.fixture
def anyio_backend() -> str:
    """What is tested here is what a script does, whatever the loop of the door."""
    return "asyncio"
