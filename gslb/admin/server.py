"""The admin side on a socket that is open already, in a loop that runs already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from gslb.admin.feed import Feed

CONNECTIONS_MOST = 256
STOP_S = 2.0
HEAD_BYTES_MOST = 16 * 1024


class _Quiet(uvicorn.Server):
    """Signals are the business of whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """`stop` may be called at any time, and more than once."""

    def __init__(self, app: FastAPI, sock: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            ws="none",
            http="h11",
            limit_concurrency=CONNECTIONS_MOST,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(STOP_S),
            h11_max_incomplete_event_size=HEAD_BYTES_MOST,
        )
        self._feed: Feed = app.state.node.feed
        self._sock = sock
        self._server = _Quiet(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it answers. Raises what serving raised if it ends before that."""
        self._task = asyncio.create_task(self._server.serve([self._sock]), name="admin")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                return
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Ends streams, lets requests finish, and is gone within 3 s."""
        self._feed.close()
        self._server.should_exit = True
        if self._task is not None:
            await self._task


async def serve(app: FastAPI, sock: socket.socket) -> Server:
    server = Server(app, sock)
    await server.start()
    return server
