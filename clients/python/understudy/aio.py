# SPDX-License-Identifier: Apache-2.0
"""An asyncio connection to one replica."""

import asyncio
import socket
import time
from typing import Any, Mapping, Optional

from .base import HIGH_WATER, BaseConnection, ProgressCallback, Slot
from .errors import ConnectionLost
from .protocol import Notification
from .run_directory import PeerPolicy


class _FutureSlot(Slot):
    """A slot whose caller awaits a future."""

    def __init__(self) -> None:
        super().__init__()
        self.waiter: Optional["asyncio.Future[None]"] = None

    def notify(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class AsyncConnection(BaseConnection, asyncio.Protocol):
    """A connection to the socket of one replica, for the event loop that it was opened on.

    >>> connection = await AsyncConnection.open("/run/understudy/clipper/clipper-1.sock")  # doctest: +SKIP
    >>> (await connection.call("rpc.health"))["status"]  # doctest: +SKIP
    'serving'
    """

    def __init__(self, path: str, connected: socket.socket, subscribes: bool = False) -> None:
        super().__init__(path, subscribes)
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._transport: Optional[asyncio.Transport] = None
        self._is_paused = False

    @classmethod
    async def open(
        cls, path: str, *, peers: Optional[PeerPolicy] = None, subscribes: bool = False, timeout: float = 5.0
    ) -> "AsyncConnection":
        """Connects to a socket.

        Args:
            peers: The processes that may serve it; any if absent.
            timeout: The longest time in seconds to wait while the service's queue of connections is full.

        Raises:
            ConnectionLost: The socket does not exist, or no process serves it.
            ServiceError: `unauthorized` if the process that serves it is not trusted.
        """
        end = time.monotonic() + timeout
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            while True:
                try:
                    opened.connect(path)
                    break
                except BlockingIOError:
                    if time.monotonic() >= end:
                        raise
                    await asyncio.sleep(0.005)
            if peers is not None:
                peers.check(path, opened)
            loop = asyncio.get_running_loop()
            _, protocol = await loop.create_unix_connection(lambda: cls(path, opened, subscribes), sock=opened)
            return protocol
        except OSError as error:
            opened.close()
            raise ConnectionLost(f"cannot connect to {path}: {error.strerror}", was_sent=False) from error
        except BaseException:
            opened.close()
            raise

    async def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[ProgressCallback] = None,
        traceparent: Optional[str] = None,
        stall_timeout: Optional[float] = None,
    ) -> Any:
        """Calls a method and returns its result. See `AsyncClient.call` for the parameters.

        Raises:
            ServiceError: The error of the reply; `timeout` if none arrived in time.
            ConnectionLost: The connection was lost.
        """
        return await self.perform(
            method, params or {}, timeout=timeout, on_progress=on_progress, traceparent=traceparent,
            stall_timeout=stall_timeout)

    async def notification(self, timeout: Optional[float] = None) -> Optional[Notification]:
        """Waits for a notification that belongs to no call; `None` if none arrived in time."""
        return await self.next_notification(None if timeout is None else time.monotonic() + timeout)

    async def __aenter__(self) -> "AsyncConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    # Callbacks of the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received(data)
        if self._is_full and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._received(b"")

    def connection_lost(self, exc: Optional[Exception]) -> None:
        reason = "the connection was lost" + (f" ({exc})" if exc is not None else "")
        self._finish(ConnectionLost(f"{self.path}: {reason}"))

    def _consumed(self) -> None:
        slot = self._subscription
        if self._is_paused and self._transport is not None and slot is not None and len(slot.items) < HIGH_WATER // 2:
            self._is_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # Writing and waiting

    def _new_slot(self) -> Slot:
        return _FutureSlot()

    async def _wait(self, slot: Slot, until: Optional[float]) -> None:
        assert isinstance(slot, _FutureSlot)
        if slot.items or (slot is self._subscription and self._end is not None):
            return
        slot.waiter = self._loop.create_future()
        timer = None if until is None else self._loop.call_later(max(until - time.monotonic(), 0), slot.notify)
        try:
            await slot.waiter
        finally:
            slot.waiter = None
            if timer is not None:
                timer.cancel()

    async def _write(self, line: bytes, until: Optional[float]) -> None:
        if self._transport is None or self._transport.is_closing() or self._is_closed_by_peer():
            raise ConnectionLost(f"{self.path}: the connection was lost", was_sent=False)
        self._transport.write(line)

    def _is_closed_by_peer(self) -> bool:
        """Whether the event loop is about to learn that the connection is lost."""
        try:
            return not self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _write_soon(self, line: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)

    def _shut_down(self) -> None:
        if self._transport is None or self._loop.is_closed():
            self._socket.close()
        else:
            self._transport.close()

    def drop(self) -> None:
        if self._transport is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._transport.close)
