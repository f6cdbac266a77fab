# SPDX-License-Identifier: Apache-2.0
"""One interface to both kinds of clients, so that each test runs with both."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Any, Awaitable, Callable, Coroutine, List

from understudy import AsyncClient, Client
from understudy.aio import AsyncConnection
from understudy.connection import Connection

from .fake_service import PATIENCE_S


class ThreadDriver:
    """The blocking client. Calls that a test does not wait for run in threads."""

    is_async = False

    def connect(self, path: str, **options: Any) -> Connection:
        """Opens a connection."""
        return Connection.open(path, **options)

    def client(self, run_dir: str, **options: Any) -> Client:
        """Creates a client."""
        return Client(run_dir, **options)

    def start(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> "Future[Any]":
        """Calls a function of a client or a connection without waiting for the result."""
        future: "Future[Any]" = Future()

        def work() -> None:
            try:
                future.set_result(function(*arguments, **options))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future

    def run(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Calls a function of a client or a connection."""
        return self.start(function, *arguments, **options).result(PATIENCE_S)

    def collect(self, watch: Any) -> List[Any]:
        """The remaining messages of a watch."""
        return list(self.start(list, watch).result(PATIENCE_S))

    def next(self, watch: Any) -> Any:
        """The next message of a watch."""
        return self.run(next, watch)

    def close(self, client: Any) -> None:
        """Closes a client or a connection."""
        client.close()

    def stop(self) -> None:
        """Ends the driver."""


class LoopDriver:
    """The asyncio client, on an event loop in a thread of its own."""

    is_async = True

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def connect(self, path: str, **options: Any) -> AsyncConnection:
        """Opens a connection."""
        connection: AsyncConnection = self._run(AsyncConnection.open(path, **options))
        return connection

    def client(self, run_dir: str, **options: Any) -> AsyncClient:
        """Creates a client."""
        return AsyncClient(run_dir, **options)

    def start(self, function: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> "Future[Any]":
        """Calls a function of a client or a connection without waiting for the result."""

        async def work() -> Any:
            return await function(*arguments, **options)

        return asyncio.run_coroutine_threadsafe(work(), self._loop)

    def run(self, function: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
        """Calls a function of a client or a connection."""
        return self.start(function, *arguments, **options).result(PATIENCE_S)

    def collect(self, watch: Any) -> List[Any]:
        """The remaining messages of a watch."""

        async def work() -> List[Any]:
            return [message async for message in watch]

        messages: List[Any] = self._run(work())
        return messages

    def next(self, watch: Any) -> Any:
        """The next message of a watch."""
        return self._run(watch.__anext__())

    def close(self, client: Any) -> None:
        """Closes a client or a connection."""

        async def work() -> None:
            if isinstance(client, AsyncConnection):
                client.close()
            else:
                await client.aclose()

        self._run(work())

    def stop(self) -> None:
        """Ends the event loop after the callbacks that are due."""

        async def last() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._run(last())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)
