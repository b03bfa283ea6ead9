"""One Chromium for the tests of a module; each begins with `open`, which remembers nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.browser.chromium import Browser, chromium


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as driven:
        yield driven
