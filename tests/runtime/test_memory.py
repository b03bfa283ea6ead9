"""What control keeps beside the tracker's state, and a store that can't keep it."""

import pytest
from structlog.testing import capture_logs

from gslb.runtime.journal import Journal
from gslb.runtime.learning import Classes, Example
from gslb.runtime.memory import Memory, open_store
from tests.runtime.nodes import HOST, configuration

pytestmark = pytest.mark.anyio


class Known(Classes):
    def dump(self) -> bytes:
        return b'[["boot.example.net",4,0,8]]'


@pytest.fixture
def store(tmp_path):
    store = open_store(str(tmp_path / "state"))
    assert store is not None
    yield store
    store.close()


async def test_clients_and_serials_survive_a_restart(tmp_path, store):
    settings = configuration(tmp_path)
    memory = Memory(store, Journal(store))
    assert memory.clients(settings) == []
    serials = memory.serials(settings)
    await memory.save(Known())
    again = Memory(store, Journal(store))
    assert again.serials(settings) == serials
    assert again.clients(settings) == [Example(HOST, 4, 0, 8)]


async def test_a_store_that_fails_is_told_and_does_not_matter(tmp_path, store):
    settings, journal = configuration(tmp_path), Journal(store)
    memory = Memory(store, journal)
    store.close()
    with capture_logs() as logged:
        assert memory.clients(settings) == []
        first = memory.serials(settings)
        await memory.save(Known())
    assert [line["kind"] for line in logged] == ["store-failed"]
    assert journal.store_failures == 3
    assert memory.serials(settings) == first


async def test_without_a_store_there_is_no_memory(tmp_path):
    settings = configuration(tmp_path)
    memory = Memory(None, Journal(None))
    assert memory.clients(settings) == []
    assert memory.serials(settings) == memory.serials(settings)
    await memory.save(Known())


def test_a_store_that_can_not_be_opened_is_told(tmp_path):
    (tmp_path / "state.db").mkdir()
    with capture_logs() as logged:
        assert open_store(str(tmp_path)) is None
    assert logged[0]["event"].startswith("the state can't be kept, and nothing is known from before: ")
