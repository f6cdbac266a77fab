# SPDX-License-Identifier: Apache-2.0
"""A blocking connection to one replica. Several threads may call over it at a time."""

import select
import socket
import threading
import time
from typing import Any, Callable, Mapping, Optional

from .base import HIGH_WATER, BaseConnection, Slot
from .blocking import run
from .errors import ConnectionLost, ServiceError
from .protocol import Notification, Progress
from .run_directory import PeerPolicy

_CHUNK = 1 << 18


class _ThreadSlot(Slot):
    """A slot whose caller waits for a condition variable."""

    def __init__(self, lock: threading.Lock) -> None:
        super().__init__()
        self.changed = threading.Condition(lock)

    def notify(self) -> None:
        self.changed.notify_all()


class Connection(BaseConnection):
    """A connection to the socket of one replica, for programs with or without threads.

    A thread reads the replies. Progress callbacks run in the threads of the callers.

    >>> connection = Connection.open("/run/understudy/clipper/clipper-1.sock")  # doctest: +SKIP
    >>> connection.call("rpc.health")["status"]  # doctest: +SKIP
    'serving'
    """

    def __init__(self, path: str, connected: socket.socket, subscribes: bool = False) -> None:
        super().__init__(path, subscribes)
        self._socket = connected
        self._write_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"understudy {path}", daemon=True)
        self._reader.start()

    @classmethod
    def open(
        cls, path: str, *, peers: Optional[PeerPolicy] = None, subscribes: bool = False, timeout: float = 5.0
    ) -> "Connection":
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
                    time.sleep(0.005)
            if peers is not None:
                peers.check(path, opened)
            opened.setblocking(True)
            return cls(path, opened, subscribes)
        except OSError as error:
            opened.close()
            raise ConnectionLost(f"cannot connect to {path}: {error.strerror}", was_sent=False) from error
        except BaseException:
            opened.close()
            raise

    def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[Callable[[Progress], None]] = None,
        traceparent: Optional[str] = None,
        stall_timeout: Optional[float] = None,
    ) -> Any:
        """Calls a method and returns its result. See `Client.call` for the parameters.

        Raises:
            ServiceError: The error of the reply; `timeout` if none arrived in time.
            ConnectionLost: The connection was lost.
        """
        return run(self.perform(
            method, params or {}, timeout=timeout, on_progress=on_progress, traceparent=traceparent,
            stall_timeout=stall_timeout))

    def notification(self, timeout: Optional[float] = None) -> Optional[Notification]:
        """Waits for a notification that belongs to no call; `None` if none arrived in time."""
        return run(self.next_notification(None if timeout is None else time.monotonic() + timeout))

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def _read(self) -> None:
        reason = "the connection was lost"
        try:
            while self._end is None:
                data = self._socket.recv(_CHUNK)
                self._received(data)
                if not data:
                    break
                self._pause()
        except OSError as error:
            reason += f" ({error.strerror})"
        self._finish(ConnectionLost(f"{self.path}: {reason}"))
        with self._write_lock:
            self._socket.close()

    def _pause(self) -> None:
        """Waits while too many notifications are queued, so that the service pauses, too."""
        slot = self._subscription
        if isinstance(slot, _ThreadSlot):
            with self._lock:
                while len(slot.items) >= HIGH_WATER and self._end is None:
                    slot.changed.wait()

    def _consumed(self) -> None:
        slot = self._subscription
        if slot is not None and len(slot.items) == HIGH_WATER // 2:
            with self._lock:
                slot.notify()

    # Writing and waiting

    def _new_slot(self) -> Slot:
        return _ThreadSlot(self._lock)

    async def _wait(self, slot: Slot, until: Optional[float]) -> None:
        assert isinstance(slot, _ThreadSlot)
        with self._lock:
            is_over = slot is self._subscription and self._end is not None
            if not slot.items and not is_over:
                slot.changed.wait(None if until is None else max(until - time.monotonic(), 0))

    async def _write(self, line: bytes, until: Optional[float]) -> None:
        timeout = -1.0 if until is None else max(until - time.monotonic(), 0)
        if not self._write_lock.acquire(timeout=timeout):
            raise self._unread()
        try:
            self._send(line, until)
        finally:
            self._write_lock.release()

    def _send(self, line: bytes, until: Optional[float]) -> None:
        rest = memoryview(line)
        try:
            while rest:
                try:
                    rest = rest[self._socket.send(rest, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL):]
                except BlockingIOError:
                    if not self._poll(until):
                        raise self._unread() from None
        except OSError as error:
            if len(rest) == len(line):
                reason = f"{self.path}: the connection was lost ({error.strerror})"
                raise ConnectionLost(reason, was_sent=False) from error
            # The service may have replied why it does not read on: the reader reports the end.
            self._shut_down(socket.SHUT_WR)
        except BaseException:
            if len(rest) < len(line):
                # Part of a line was sent: no other line can follow.
                self._shut_down()
            raise

    def _poll(self, until: Optional[float]) -> bool:
        """Waits until bytes can be written. Returns `False` if the time has passed."""
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        return bool(poll.poll(None if until is None else max((until - time.monotonic()) * 1000, 0)))

    def _unread(self) -> ServiceError:
        return ServiceError("timeout", f"{self.path}: the service did not read the request in time")

    def _write_soon(self, line: bytes) -> None:
        if not self._write_lock.acquire(timeout=0.1):
            return
        try:
            sent = self._socket.send(line, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            if sent < len(line):
                self._shut_down()
        except OSError:
            # The connection is lost, or the service does not read: closing the connection cancels the call as well.
            pass
        finally:
            self._write_lock.release()

    def _shut_down(self, how: int = socket.SHUT_RDWR) -> None:
        # The reader ends, and closes the socket.
        try:
            self._socket.shutdown(how)
        except OSError:
            pass
