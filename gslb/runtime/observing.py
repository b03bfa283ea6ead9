"""What one worker lets others see: dnstap and the query log, as they are configured, and what became of it.

Each worker has a connection, or a file, of its own for dnstap; to the query log all of them append.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple

import gslb
from gslb.dns.discretion import Discretion
from gslb.dns.dnstap import Encoder, data_frame
from gslb.dns.observer import Exchange, Observer, Sampled
from gslb.dns.querylog import LineWriter
from gslb.model import Configuration, Dnstap
from gslb.model.counting import Counters
from gslb.runtime.outlets import FrameFile, FrameSocket, LineFile, Outlet
from gslb.runtime.recorder import Recorder

END_WITHIN_S = 1.0  # of a worker that ends; what is not written by then is lost

METRICS: Final = {
    "gslb_dnstap_written_total": ("Messages given to the dnstap reader or file.", ()),
    "gslb_dnstap_dropped_total": (
        "Queries, with their answers, that dnstap went without: queue (no room, the reader is away or slow), lost (at an end).",
        ("reason",),
    ),
    "gslb_dnstap_connected": ("Whether a worker has a dnstap reader, or its file takes what is written.", ("worker",)),
    "gslb_query_log_written_total": ("Lines written to the query log.", ()),
    "gslb_query_log_dropped_total": ("Sampled queries that the query log went without, as with dnstap.", ("reason",)),
    "gslb_query_log_open": ("Whether the query log takes what a worker writes.", ("worker",)),
}

MakeOutlet = Callable[[Callable[[], bool]], Outlet]


class _Spec(NamedTuple):
    """Where to: another one is another Recorder."""

    kind: str
    path: str


class _Running(NamedTuple):
    spec: _Spec
    recorder: Recorder[Any]


class Observing:
    """`take` follows the configuration; `observer` is what the responder should have now."""

    def __init__(self, worker: int = 0) -> None:
        self.observer: Observer | None = None
        self._worker = worker
        self._running: dict[str, _Running] = {}  # by name: dnstap, query_log
        self._ended: list[tuple[str, Recorder[Any]]] = []  # whose last counts may still be to come
        self._told: dict[tuple[int, str], int] = {}
        self._taken: tuple[Configuration, int] | None = None
        self._rotated = ""

    def take(self, configuration: Configuration, workers: int, rotated: str = "") -> None:
        """`rotated` is another text after each order to begin files anew."""
        if self._taken is None or self._taken[0] is not configuration or self._taken[1] != workers:
            self._taken = configuration, workers
            self._configure(configuration, workers)
        if rotated and rotated != self._rotated:
            for running in self._running.values():
                running.recorder.begin_anew()
        self._rotated = rotated

    def _configure(self, configuration: Configuration, workers: int) -> None:
        tap = self._tap(configuration, workers)
        log = self._log(configuration)
        one_in = 1 if configuration.query_log is None else configuration.query_log.one_in
        self.observer = None
        if tap is not None or log is not None:
            self.observer = Observer(None if tap is None else tap.backlog, None if log is None else log.backlog, one_in)

    def _tap(self, configuration: Configuration, workers: int) -> Recorder[Exchange] | None:
        wanted = configuration.dnstap
        if wanted is None:
            return self._kept("dnstap", None)
        discretion = None if wanted.client_addresses else Discretion(configuration)
        encoder = Encoder(configuration, f"gslb {gslb.__version__}", discretion)

        def frames(exchange: Exchange) -> list[bytes]:
            return [data_frame(payload) for payload in encoder.payloads(exchange)]

        spec, make = _tap_outlet(wanted, self._worker, workers)
        return self._kept("dnstap", spec, make, frames, configuration.limits.observed_queue)

    def _log(self, configuration: Configuration) -> Recorder[Sampled] | None:
        wanted = configuration.query_log
        if wanted is None:
            return self._kept("query_log", None)
        writer = LineWriter(configuration.node, None if wanted.client_addresses else Discretion(configuration))
        spec, file = _Spec("lines", wanted.file), wanted.file

        def lines(sampled: Sampled) -> list[bytes]:
            return [writer.line(sampled)]

        return self._kept("query_log", spec, lambda _: LineFile(file), lines, configuration.limits.observed_queue)

    def _kept(
        self,
        name: str,
        spec: _Spec | None,
        make: MakeOutlet | None = None,
        encode: Callable[[Any], list[bytes]] | None = None,
        limit: int = 0,
    ) -> Recorder[Any] | None:
        """The recorder of before if it leads to the same place, else another one, or none."""
        running = self._running.get(name)
        if running is not None and running.spec != spec:
            del self._running[name]
            running.recorder.end(END_WITHIN_S)
            self._ended.append((name, running.recorder))
            running = None
        if spec is None or make is None or encode is None:
            return None
        if running is None:
            running = self._running[name] = _Running(spec, Recorder(f"gslb {name}", make, encode, limit))
            running.recorder.start()
        running.recorder.encode, running.recorder.backlog.limit = encode, limit
        return running.recorder

    # ------------------------------------------------------------------------------------------ tally

    def count(self, counters: Counters) -> None:
        """Adds what happened since the last time. The threads themselves don't touch the counters."""
        self._ended = [(name, recorder) for name, recorder in self._ended if self._counted(name, recorder, counters)]
        for name, running in self._running.items():
            self._counted(name, running.recorder, counters)

    def _counted(self, name: str, recorder: Recorder[Any], counters: Counters) -> bool:
        """Whether there may be more to count."""
        alive = recorder.is_alive()
        for key, total in (
            ((f"gslb_{name}_written_total",), recorder.written),
            ((f"gslb_{name}_dropped_total", "queue"), recorder.backlog.dropped),
            ((f"gslb_{name}_dropped_total", "lost"), recorder.lost),
        ):
            told = (id(recorder), repr(key))
            more = total - self._told.get(told, 0)
            if more:
                counters[key] = counters.get(key, 0) + more
                self._told[told] = total
            if not alive:
                self._told.pop(told, None)
        return alive

    def conditions(self) -> dict[str, list[Any]]:
        """[whether it works, why not] of each outlet of which that is known; it can go through JSON."""
        found = {name: running.recorder.condition for name, running in self._running.items()}
        return {name: [condition.works, condition.why] for name, condition in found.items() if condition.works is not None}

    async def end(self) -> None:
        """Writes what waits, and closes as the formats ask for; in END_WITHIN_S, or not."""
        recorders = [running.recorder for running in self._running.values()]
        for recorder in recorders:
            recorder.end(END_WITHIN_S)
        await _joined([*recorders, *(recorder for _, recorder in self._ended)])


async def _joined(recorders: Iterable[Recorder[Any]]) -> None:
    for recorder in recorders:
        await asyncio.to_thread(recorder.join, END_WITHIN_S + 0.7)


def _tap_outlet(wanted: Dnstap, worker: int, workers: int) -> tuple[_Spec, MakeOutlet]:
    if wanted.socket is not None:
        return _Spec("socket", wanted.socket), partial(FrameSocket, wanted.socket)
    path = str(wanted.file)
    if workers > 1:
        path = f"{path}.worker{worker}"  # a stream has one writer
    return _Spec("frames", path), lambda _: FrameFile(path)
