"""Who is served through, and what all streams of one worker share."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gslb.model import Configuration, Limits
from gslb.model.counting import Counters
from gslb.redirect.location import plain_path
from gslb.redirect.reply import Reply
from gslb.redirect.through.errand import Errand
from gslb.redirect.through.heads import Asked, Part, is_compressed, read_if_range, read_range
from gslb.redirect.through.origin import Patience
from gslb.redirect.through.pace import Pace, Streams
from gslb.redirect.through.relay import Relay

if TYPE_CHECKING:
    from gslb.redirect.serving import Serving
    from gslb.redirect.visit import Visit
    from gslb.steering import Located


class Through:
    """`limits` may be replaced while it serves. `context` is for sites with https: by default, the authorities of the system."""

    def __init__(
        self,
        limits: Limits,
        counters: Counters,
        *,
        context: ssl.SSLContext | None = None,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = counters
        self.patience = patience
        self.pace = Pace(limits, clock)
        self.streams = Streams(self.pace)
        self._context = context
        self._known: Configuration | None = None
        self._agents: dict[str, tuple[bytes, ...]] = {}

    @property
    def limits(self) -> Limits:
        return self.pace.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.pace.limits = limits

    def wants(self, serving: Serving, service: str, agent: bytes) -> bool:
        """Whether a client with this User-Agent follows no redirect."""
        configuration = serving.world.configuration
        if configuration is not self._known:
            self._known = configuration
            self._agents = {
                one.host: tuple(agent.encode() for agent in one.serve_through.agents) for one in configuration.services
            }
        return agent.startswith(self._agents[service])

    def reply(self, visit: Visit, located: Located, head: bool, serving: Callable[[], Serving]) -> Reply:
        """To who follows no redirect."""
        parts, if_range = _part(visit, head)
        target = visit.target
        asked = Asked(head, parts, if_range is not None, is_compressed(target.suffix))

        def newest() -> Serving:
            """A stream goes on though its service is taken out of the configuration."""
            now = serving()
            return now if visit.service in now.pages.prefixes else visit.serving

        errand = Errand(
            visit.service, visit.view, located.client, visit.client.household, visit.wish, target.suffix, plain_path(target.path),
            asked, if_range, newest, visit.stale,
        )  # fmt: skip
        return Reply(0, b"", stream=Relay(self, errand))

    async def tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = await asyncio.to_thread(ssl.create_default_context)  # reads hundreds of authorities
        return self._context


def _part(visit: Visit, head: bool) -> tuple[tuple[Part, ...], bytes | None]:
    """What of the file is asked for, and on which condition; one that can't hold makes it the whole (RFC 9110 section 13.1.5)."""
    told = visit.fields.get(b"if-range")
    if_range = read_if_range(told)
    if head or (told is not None and if_range is None):
        return (), None
    parts = read_range(visit.fields.get(b"range"))
    return parts, if_range if parts else None
