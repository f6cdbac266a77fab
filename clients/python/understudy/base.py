# SPDX-License-Identifier: Apache-2.0
"""What the blocking and the asyncio connection have in common: everything but reading, writing and waiting."""

import inspect
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import Any, Awaitable, Callable, Deque, Dict, Mapping, Optional, Union

from .errors import ConnectionLost, ServiceError
from .protocol import ClientMachine, Failure, Id, Notification, Progress, ProgressReport, ProtocolError, Reply

ProgressCallback = Callable[[Progress], Union[None, Awaitable[None]]]
"""Is called for each progress report of a call, in order. An exception that it raises cancels the call."""

GRACE_S = 0.5
"""How much longer than its deadline a call waits for the reply, which usually is the service's own `timeout`."""

HIGH_WATER = 1000
"""Reading pauses while this many notifications wait for a subscriber."""


class Outcome:
    """The end of a call."""

    def __init__(self, result: Any = None, error: Optional[ServiceError] = None) -> None:
        self._result = result
        self._error = error

    def value(self) -> Any:
        """Returns the result, or raises the error."""
        if self._error is not None:
            raise self._error
        return self._result


Item = Union[Progress, Notification, Outcome]


class Slot(ABC):
    """What has arrived for one call, or for the subscriber of a connection's notifications."""

    def __init__(self) -> None:
        self.items: Deque[Item] = deque()

    @abstractmethod
    def notify(self) -> None:
        """Resumes the waiting caller. The connection's lock is held."""


class BaseConnection(ABC):
    """A connection to one replica that carries any number of calls at a time.

    Args:
        path: The socket's path, for messages.
        subscribes: Whether `next_notification` will be called. Other connections drop notifications.
    """

    def __init__(self, path: str, subscribes: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._machine = ClientMachine()
        self._slots: Dict[Id, Slot] = {}
        self._subscription = self._new_slot() if subscribes else None
        # Why the connection accepts no calls.
        self._end: Optional[ServiceError] = None
        self._closes_when_idle = False
        # When bytes arrived last, and when rpc.health was requested last because none did.
        self._heard_at = time.monotonic()
        self._probed_at = float("-inf")

    # What the two kinds of connections do in their own way.

    @abstractmethod
    def _new_slot(self) -> Slot:
        """Creates an empty slot."""

    @abstractmethod
    async def _wait(self, slot: Slot, until: Optional[float]) -> None:
        """Waits until the slot has an item, or until a time of the monotonic clock."""

    @abstractmethod
    async def _write(self, line: bytes, until: Optional[float]) -> None:
        """Writes a line.

        Raises:
            ConnectionLost: Nothing was written. If the connection is lost later, the call's outcome reports it.
            ServiceError: `timeout` if the peer does not read.
        """

    @abstractmethod
    def _write_soon(self, line: bytes) -> None:
        """Writes a line if that is possible without waiting. The connection's lock is not held."""

    @abstractmethod
    def _consumed(self) -> None:
        """Resumes reading if it was paused because of too many notifications. The connection's lock is not held."""

    @abstractmethod
    def _shut_down(self) -> None:
        """Closes the socket. The connection's lock is not held."""

    # Calls

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent."""
        return self._end is None and not self._closes_when_idle

    async def perform(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[ProgressCallback] = None,
        traceparent: Optional[str] = None,
        stall_timeout: Optional[float] = None,
    ) -> Any:
        """Sends a call and waits for its reply.

        If the wait ends in any other way, e.g. because it is cancelled or `on_progress` raises an exception, the call
        is cancelled.

        Args:
            timeout: Seconds until the call ends with `timeout`.
            stall_timeout: Seconds that the replica may be silent, and leave `rpc.health` unanswered, before
                `ConnectionLost` is raised.
        """
        start = time.monotonic()
        end = None if timeout is None else start + max(timeout, 0)
        if timeout is not None and timeout <= 0:
            raise ServiceError("timeout", f"{method}: the deadline passed before the call was sent")
        slot = self._new_slot()
        with self._lock:
            if self._end is not None or self._closes_when_idle:
                raise self._end or ConnectionLost(f"{self.path}: the connection is closing", was_sent=False)
            id, line = self._machine.request(
                method, params, timeout=timeout, wants_progress=on_progress is not None, traceparent=traceparent)
            self._slots[id] = slot
        try:
            await self._write(line, end)
            while True:
                item = await self._next(slot, end, start, method, stall_timeout)
                if isinstance(item, Outcome):
                    return item.value()
                if isinstance(item, Progress) and on_progress is not None:
                    awaitable = on_progress(item)
                    if inspect.isawaitable(awaitable):
                        await awaitable
        except Stalled as stalled:
            with self._lock:
                # Without rpc.cancel: the replica may finish its work when it continues.
                self._machine.forget(id)
            raise ConnectionLost(str(stalled)) from None
        except BaseException:
            with self._lock:
                cancellation = self._machine.cancel(id)
            if cancellation:
                self._write_soon(cancellation)
            raise
        finally:
            with self._lock:
                del self._slots[id]
            self._close_if_idle()

    async def _next(
        self, slot: Slot, end: Optional[float], start: float, method: str, stall_timeout: Optional[float]
    ) -> Item:
        """Waits for the next item of a call."""
        while True:
            with self._lock:
                if slot.items:
                    return slot.items.popleft()
            now = time.monotonic()
            wakeups = [] if end is None else [end + GRACE_S]
            if end is not None and now >= end + GRACE_S:
                raise ServiceError("timeout", f"{method} did not reply in time")
            if stall_timeout is not None:
                self._check_stall(now, start, stall_timeout)
                wakeups.append(now + stall_timeout / 6)
            await self._wait(slot, min(wakeups, default=None))

    def _check_stall(self, now: float, start: float, stall_timeout: float) -> None:
        """Requests `rpc.health` from a replica that has been silent.

        Raises:
            Stalled: It did not answer that, too.
        """
        with self._lock:
            silent_since = max(self._heard_at, start)
            is_probed = self._probed_at >= silent_since
            if not is_probed and now - silent_since >= stall_timeout / 3:
                self._probed_at = now
                probe = self._machine.request("rpc.health", {}, id="probe")[1]
                self._machine.forget("probe")
            else:
                probe = b""
        if probe:
            self._write_soon(probe)
        elif is_probed and now - silent_since >= stall_timeout:
            raise Stalled(
                f"{self.path} accepts calls but does not answer rpc.health: its process is stopped or overloaded")

    async def next_notification(self, until: Optional[float] = None) -> Optional[Notification]:
        """Waits for the next notification that belongs to no call.

        Args:
            until: A time of the monotonic clock.

        Returns:
            `None` if none arrived in time.

        Raises:
            ConnectionLost: The connection was lost.
        """
        slot = self._subscription
        if slot is None:
            raise ValueError("the connection has no subscriber")
        while True:
            with self._lock:
                item = slot.items.popleft() if slot.items else None
                if item is None and self._end is not None:
                    raise self._end
            if isinstance(item, Notification):
                self._consumed()
                return item
            if until is not None and time.monotonic() >= until:
                return None
            await self._wait(slot, until)

    def close(self, error: Optional[ServiceError] = None) -> None:
        """Closes the connection, which cancels its calls.

        Args:
            error: The error of the calls.
        """
        self._finish(error or ServiceError("cancelled", f"{self.path}: the connection was closed by this program"))
        self._shut_down()

    def drop(self) -> None:
        """Closes the connection from a finalizer, which may run at any time and must take no lock."""
        self._shut_down()

    def close_when_idle(self) -> None:
        """Accepts no further calls, and closes the connection after the last reply."""
        with self._lock:
            self._closes_when_idle = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        with self._lock:
            is_idle = self._closes_when_idle and not self._slots and self._end is None
        if is_idle:
            self.close(ConnectionLost(f"{self.path}: the connection was closed", was_sent=False))

    # What arrives

    def _received(self, data: bytes) -> None:
        """Handles received bytes; empty at the end of the stream."""
        try:
            with self._lock:
                self._heard_at = time.monotonic()
                events = self._machine.receive(data) if data else self._machine.end()
                for event in events:
                    if isinstance(event, Notification):
                        if self._subscription is not None:
                            self._put(self._subscription, event)
                    elif event.id in self._slots:
                        self._put(self._slots[event.id], self._item(event))
        except ProtocolError as error:
            self.close(ConnectionLost(f"{self.path}: {error}"))

    @staticmethod
    def _item(event: Union[Reply, Failure, ProgressReport]) -> Item:
        if isinstance(event, ProgressReport):
            return event.progress
        return Outcome(event.result) if isinstance(event, Reply) else Outcome(error=event.error)

    @staticmethod
    def _put(slot: Slot, item: Item) -> None:
        slot.items.append(item)
        slot.notify()

    def _finish(self, error: ServiceError) -> None:
        """Fails all pending calls, and those that follow."""
        with self._lock:
            if self._end is not None:
                return
            self._end = ConnectionLost(error.message, was_sent=False) if isinstance(error, ConnectionLost) else error
            for id in self._machine.pending:
                self._machine.forget(id)
                if id in self._slots:
                    self._put(self._slots[id], Outcome(error=error))
            if self._subscription is not None:
                self._subscription.notify()

    @property
    def _is_full(self) -> bool:
        """Whether too many notifications wait for the subscriber."""
        return self._subscription is not None and len(self._subscription.items) >= HIGH_WATER


class Stalled(Exception):
    """The replica did not answer `rpc.health`."""

