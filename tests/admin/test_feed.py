"""The feed: bounded, in order, and honest about what it lost."""

import anyio
import pytest

from gslb.admin import feed as feeds
from gslb.admin.feed import Feed, Signal
from gslb.errors import BusyError
from gslb.model import Event, Severity
from tests.admin.bench import START

pytestmark = pytest.mark.anyio


def event(number: int) -> Event:
    return Event(number, START, "site-down", Severity.WARNING, "jp-tokyo-1", "it is down")


async def heard(subscription, count: int) -> list:
    found: list = []
    with anyio.fail_after(5):
        async for notice in subscription:
            found.append(notice)
            if len(found) == count:
                break
    return found


async def test_a_watcher_hears_events_in_order():
    feed = Feed()
    with feed.subscribe() as watching:
        feed.publish(event(1))
        feed.publish(event(2))
        assert await heard(watching, 2) == [event(1), event(2)]


async def test_many_changes_are_one_signal_and_come_after_the_events_that_made_them():
    feed = Feed()
    with feed.subscribe() as watching:
        for number in range(1, 4):
            feed.changed()
            feed.publish(event(number))
            feed.changed()
        assert await heard(watching, 4) == [event(1), event(2), event(3), Signal.CHANGED]


async def test_a_watcher_that_waits_is_woken():
    feed = Feed()
    with feed.subscribe() as watching:
        async with anyio.create_task_group() as group:
            found: list = []

            async def listen() -> None:
                found.extend(await heard(watching, 1))

            group.start_soon(listen)
            await anyio.lowlevel.checkpoint()
            feed.publish(event(1))
        assert found == [event(1)]


async def test_who_comes_back_gets_what_was_missed():
    feed = Feed([event(1)])
    feed.publish(event(2))
    feed.publish(event(3))
    with feed.subscribe(after=1) as watching:
        assert await heard(watching, 2) == [event(2), event(3)]
    with feed.subscribe(after=3) as watching:
        feed.publish(event(4))
        assert await heard(watching, 1) == [event(4)]


@pytest.mark.parametrize("number", [1, 900, 10**15])
async def test_who_comes_back_after_too_long_or_from_another_node_is_told_to_start_over(number, monkeypatch):
    feed = Feed(event(each) for each in range(500, 501 + feeds.EVENTS_KEPT))
    expected = [Signal.RESET] if number != 900 else [event(901)]
    with feed.subscribe(after=number) as watching:
        assert await heard(watching, 1) == expected


async def test_who_reads_too_slowly_loses_events_is_told_so_and_goes_on():
    feed = Feed()
    with feed.subscribe() as watching:
        for number in range(1, feeds.WAITING_MOST + 2):
            feed.publish(event(number))
        assert feed.lost == feeds.WAITING_MOST
        assert await heard(watching, 2) == [Signal.RESET, event(feeds.WAITING_MOST + 1)]


async def test_there_is_a_bound_on_watchers_and_leaving_makes_room():
    feed = Feed()
    crowd = [feed.subscribe() for _ in range(feeds.WATCHERS_MOST)]
    with pytest.raises(BusyError, match="watch already"):
        feed.subscribe()
    with crowd[0]:
        pass
    assert feed.watchers == feeds.WATCHERS_MOST - 1
    feed.subscribe()


async def test_closing_ends_every_subscription_and_admits_no_more():
    feed = Feed()
    with feed.subscribe() as watching:
        feed.close()
        assert [notice async for notice in watching] == []
    with pytest.raises(BusyError, match="stopping"):
        feed.subscribe()


async def test_events_are_counted_by_kind():
    feed = Feed([event(1)])
    feed.publish(event(2))
    assert feed.counts == {"site-down": 1}
    assert feed.last == 2
