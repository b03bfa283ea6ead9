"""The stream of a node, resumed wherever it broke."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx

from gslb.client.connection import Connection
from gslb.client.errors import Refused
from gslb.client.messages import MessageReader, Raw

_PAUSE_S: Final = 2.0
_PAUSE_MOST_S: Final = 5.0
_BUSY: Final = (429, 503)


class Message(NamedTuple):
    """`event` is the name, `data` the document; `number` is that of an event, None for all else."""

    event: str
    data: Any
    number: int | None = None


class Following:
    """Iterate it. With `reconnect` it goes on over restarts of the node; no event comes twice.

    Raises Unreachable where there is no node at first, or without `reconnect` when the connection breaks; Refused where the node
    refuses, also later (a token that was taken away). Without `reconnect` it ends when the node ends the stream.
    """

    def __init__(self, connection: Connection, after: int | None = None, *, reconnect: bool = True) -> None:
        self.last = after  # the number of the last event seen
        self._connection = connection
        self._reconnect = reconnect
        self._pause_s = _PAUSE_S

    def __iter__(self) -> Iterator[Message]:
        failures = -1  # at first, nothing is waited for
        while True:
            try:
                for message in self._once():
                    failures = 0
                    yield message
            except httpx.HTTPError as error:
                if failures < 0 or not self._reconnect:
                    raise self._connection.unreachable(error) from None
            except Refused as refused:
                if failures < 0 or not self._reconnect or refused.status not in _BUSY:
                    raise
            if not self._reconnect:
                return
            failures = max(failures, 0) + 1
            time.sleep(min(self._pause_s * 2 ** min(failures - 1, 5), _PAUSE_MOST_S))

    def _once(self) -> Iterator[Message]:
        headers = {} if self.last is None else {"Last-Event-ID": str(self.last)}
        response = self._connection.opened("/api/v1/stream", headers)
        reader = MessageReader()
        try:
            for octets in response.iter_bytes():
                for raw in self._messages(reader, octets):
                    yield from self._told(raw)
                if reader.retry_s is not None:
                    self._pause_s = min(max(reader.retry_s, 0.05), _PAUSE_MOST_S)
        finally:
            response.close()

    def _messages(self, reader: MessageReader, octets: bytes) -> Iterator[Raw]:
        try:
            yield from reader.feed(octets)
        except ValueError as error:
            raise self._connection.stranger(str(error)) from None

    def _told(self, raw: Raw) -> Iterator[Message]:
        try:
            document = json.loads(raw.data)
        except (ValueError, RecursionError):
            raise self._connection.stranger("a message that is no JSON") from None
        if raw.event == "reset":
            self.last = None  # what follows has numbers of its own
        number = document.get("number") if raw.event == "event" and isinstance(document, dict) else None
        if type(number) is not int:
            yield Message(raw.event, document)
        elif self.last is None or number > self.last:
            self.last = number
            yield Message(raw.event, document, number)
