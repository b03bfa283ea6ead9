"""The admin side on a socket that is open already, in a loop that runs already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from gslb.admin import logs
from gslb.admin.connections import Connections
from gslb.admin.feed import Feed
from gslb.admin.wire import AdminProtocol, Patience

STOP_S = 2.0


class _Quiet(uvicorn.Server):
    """Signals are the business of whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """`stop` may be called at any time, and more than once."""

    def __init__(self, app: FastAPI, sock: socket.socket, patience: Patience | None = None) -> None:
        logs.route()
        patience = patience or Patience()
        # A class is what uvicorn asks for; it calls it with its own arguments, once a connection.
        protocol = cast(type[Any], partial(AdminProtocol, crowd=Connections(), patience=patience))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            ws="none",
            http=protocol,
            timeout_keep_alive=patience.idle_s,
            timeout_graceful_shutdown=int(STOP_S),
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


async def serve(app: FastAPI, sock: socket.socket, patience: Patience | None = None) -> Server:
    server = Server(app, sock, patience)
    await server.start()
    return server
