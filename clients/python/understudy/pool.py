# SPDX-License-Identifier: Apache-2.0
"""Calls to any replica of one service: the choice of the replica, the connection, and what is sent again.

The logic is the same for blocking and asyncio clients, whose `Backend` connects and waits.
"""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Protocol, Set, Tuple

from .base import BaseConnection, ProgressCallback
from .errors import ConnectionLost, NoReplica, ServiceError
from .replicas import Replica, ReplicaTable
from .run_directory import PeerPolicy, RunDirectory

MAXIMUM_LOSSES = 4
"""After how many losses a call is not sent again: it may be the cause of the crashes."""

RESTART_S = 30.0
"""How long a call that was lost waits for a replica at least, since a supervisor restarts the service."""

HEALTH_TIMEOUT_S = 5.0
"""How long a replica may take to answer `rpc.health` before it is used."""


@dataclass(frozen=True)
class Bounds:
    """How long a client waits.

    Attributes:
        replica_s: For a replica while none can be used.
        busy_s: For free capacity while all replicas reply `busy`.
        stall_s: For a replica that has calls and does not answer `rpc.health`.
    """

    replica_s: float = 10.0
    busy_s: float = 60.0
    stall_s: float = 15.0

    @staticmethod
    def default_stall_s() -> float:
        """`UNDERSTUDY_REPLICA_STALL_S`, if it is a positive number."""
        try:
            value = float(os.environ.get("UNDERSTUDY_REPLICA_STALL_S", ""))
        except ValueError:
            return Bounds.stall_s
        return value if 0 < value < float("inf") else Bounds.stall_s


@dataclass(frozen=True)
class Call:
    """A call to any replica.

    Attributes:
        is_idempotent: Whether it may be sent again if the connection is lost.
        is_light: Whether it needs no free capacity.
        timeout: Seconds for the call, the time to find a replica included.
        instance: The only replica that may get it.
        subscribes: Whether it needs a connection of its own, for the notifications that follow the reply.
        is_resumed: Whether it replaces a call that was lost, so that it waits until the service is restarted.
    """

    method: str
    params: Mapping[str, Any]
    is_idempotent: bool = False
    is_light: bool = False
    timeout: Optional[float] = None
    on_progress: Optional[ProgressCallback] = None
    traceparent: Optional[str] = None
    instance: Optional[str] = None
    subscribes: bool = False
    is_resumed: bool = False


class Backend(Protocol):
    """Connects and waits, with or without an event loop."""

    async def connect(self, path: str, peers: PeerPolicy, subscribes: bool, timeout: float) -> BaseConnection:
        """Connects to a socket."""

    async def pause(self, seconds: float) -> None:
        """Waits until `wake` is called, at most some seconds."""

    def wake(self) -> None:
        """Ends all pauses."""


class ServicePool:
    """All replicas of one service."""

    def __init__(self, service: str, directory: RunDirectory, backend: Backend, bounds: Bounds) -> None:
        self.service = service
        self._directory = directory
        self._backend = backend
        self._bounds = bounds
        self._lock = threading.Lock()
        self._table = ReplicaTable()
        self._is_closed = False

    async def call(self, call: Call) -> Any:
        """Calls a method on any replica.

        Raises:
            ServiceError: The error of the reply.
            NoReplica: No replica could be used in time.
            ConnectionLost: The call was lost with its replica and must not be repeated, or was lost repeatedly.
        """
        _, result = await self._call(call)
        return result

    async def subscribe(self, call: Call) -> Tuple[BaseConnection, Any]:
        """Calls a method on a connection of its own.

        Returns:
            The connection, which gets the notifications, and the result.
        """
        return await self._call(call)

    def close(self) -> None:
        """Closes all connections, which cancels their calls."""
        with self._lock:
            self._is_closed = True
            connections = [each.connection for each in self._table.update({})]
        for connection in connections:
            if connection is not None:
                connection.close(self._closed())
        self._backend.wake()

    # The life of a call

    async def _call(self, call: Call) -> Tuple[BaseConnection, Any]:
        end = None if call.timeout is None else time.monotonic() + call.timeout
        busy_end: Optional[float] = None
        excluded: Set[str] = set()
        losses = 0
        lost: Optional[ConnectionLost] = None
        while True:
            patience = self._bounds.replica_s
            if lost is not None or call.is_resumed:
                patience = max(patience, RESTART_S)
            try:
                replica, connection = await self._acquire(call, patience, end, excluded)
            except NoReplica:
                if lost is not None and lost.was_sent:
                    # Whatever is wrong with the other replicas: this call was lost.
                    raise lost from None
                raise
            try:
                result = await self._send(call, connection, end)
            except ConnectionLost as error:
                self._lose(replica, connection, error)
                losses, lost = losses + 1, error
                if (error.was_sent and not call.is_idempotent) or losses == MAXIMUM_LOSSES:
                    raise
            except ServiceError as error:
                if error.kind != "busy" or time.monotonic() >= (busy_end or float("inf")):
                    raise
                busy_end = busy_end or time.monotonic() + self._bounds.busy_s
                excluded.add(replica.name)
                with self._lock:
                    self._table.rejected(replica, time.monotonic())
            else:
                with self._lock:
                    self._table.succeeded(replica)
                return connection, result
            finally:
                self._release(call, replica)

    async def _send(self, call: Call, connection: BaseConnection, end: Optional[float]) -> Any:
        try:
            return await connection.perform(
                call.method, call.params,
                timeout=None if end is None else end - time.monotonic(),
                on_progress=call.on_progress, traceparent=call.traceparent,
                stall_timeout=self._bounds.stall_s if call.is_idempotent else None)
        except BaseException:
            if call.subscribes:
                connection.close()
            raise

    def _release(self, call: Call, replica: Replica) -> None:
        """Records the end of a call."""
        with self._lock:
            self._table.release(replica, call.is_light)
            connection = None if self._table.contains(replica) else replica.connection
        if connection is not None:
            # The replica was removed while the call connected to it.
            connection.close_when_idle()
        self._backend.wake()

    def _lose(self, replica: Replica, connection: BaseConnection, error: ConnectionLost) -> None:
        """Stops using a connection. Its other calls end by themselves."""
        with self._lock:
            is_current = replica.connection is connection
            if is_current:
                replica.connection = None
                self._table.failed(replica, time.monotonic(), error)
        if is_current:
            connection.close_when_idle()

    # Choosing a replica

    async def _acquire(
        self, call: Call, patience: float, deadline: Optional[float], excluded: Set[str]
    ) -> Tuple[Replica, BaseConnection]:
        """Waits for a replica that can be used, and connects to it."""
        end = time.monotonic() + patience
        pause = 0.01
        while True:
            replica = self._choose(call, excluded)
            if replica is not None:
                connection = None
                try:
                    connection = await self._connection(replica, call, deadline)
                finally:
                    if connection is None:
                        self._release(call, replica)
                if connection is not None:
                    return replica, connection
                continue
            now = time.monotonic()
            self._raise_if_over(call, now, end, deadline)
            remaining = [bound - now for bound in (end, deadline) if bound is not None and bound > now]
            await self._backend.pause(min([pause, *remaining]))
            pause = min(pause * 2, 0.25)

    def _choose(self, call: Call, excluded: Set[str]) -> Optional[Replica]:
        with self._lock:
            if self._is_closed:
                raise self._closed()
            gone = self._table.update(self._directory.instances(self.service))
            eligible = {each.name for each in self._table.replicas if call.instance in (None, each.name)}
            if excluded >= eligible:
                # Every replica has rejected the call: any of them may have free capacity now.
                excluded.clear()
            replica = self._table.acquire(
                time.monotonic(), is_light=call.is_light, excluding=excluded, instance=call.instance)
        for each in gone:
            # Its calls in flight continue.
            if each.connection is not None:
                each.connection.close_when_idle()
        return replica

    async def _connection(self, replica: Replica, call: Call, deadline: Optional[float]) -> Optional[BaseConnection]:
        """The connection for a call; `None` if the replica cannot be used, or another caller is connecting to it.

        Raises:
            ServiceError: `timeout` if the call's deadline passed.
        """
        with self._lock:
            if not call.subscribes and replica.connection is not None and replica.connection.is_open:
                return replica.connection
            if replica.is_connecting:
                return None
            if not call.subscribes:
                replica.is_connecting = True
        try:
            connection = await self._connect(replica, call.subscribes, deadline)
        except ServiceError as error:
            if error.kind == "timeout":
                raise
            with self._lock:
                self._table.failed(replica, time.monotonic(), error)
            return None
        finally:
            with self._lock:
                if not call.subscribes:
                    replica.is_connecting = False
        with self._lock:
            if not call.subscribes:
                replica.connection = connection
            self._table.succeeded(replica)
            is_closed = self._is_closed
        if is_closed:
            connection.close()
            raise self._closed()
        return connection

    async def _connect(self, replica: Replica, subscribes: bool, deadline: Optional[float]) -> BaseConnection:
        """Connects to a replica and checks that it accepts calls."""
        path, peers = self._directory.socket(self.service, replica.name)
        remaining = float("inf") if deadline is None else max(deadline - time.monotonic(), 0.001)
        timeout = min(HEALTH_TIMEOUT_S, remaining)
        connection = await self._backend.connect(path, peers, subscribes, timeout)
        try:
            health = await connection.perform("rpc.health", {}, timeout=timeout)
        except ServiceError as error:
            # Any other error is an answer.
            if isinstance(error, ConnectionLost) or error.kind in ("timeout", "cancelled", "unauthorized"):
                connection.close()
                if error.kind != "timeout" or remaining < HEALTH_TIMEOUT_S:
                    raise
                raise ServiceError(
                    "unavailable",
                    f"{path} accepts connections but does not answer rpc.health: its process is stopped or overloaded",
                ) from None
            health = None
        except BaseException:
            connection.close()
            raise
        members = health if isinstance(health, dict) else {}
        if members.get("status") == "draining":
            connection.close()
            raise ServiceError("unavailable", f"{path}: the process is stopping")
        capacity = members.get("capacity")
        with self._lock:
            replica.capacity = max(capacity, 1) if isinstance(capacity, int) else None
        return connection

    # Errors

    def _raise_if_over(self, call: Call, now: float, end: float, deadline: Optional[float]) -> None:
        """Raises the error of a call that must not wait for a replica any longer."""
        with self._lock:
            replicas = [each for each in self._table.replicas if call.instance in (None, each.name)]
            is_full = self._table.is_full(call.instance)
        problems = [each.problem for each in replicas if each.problem is not None]
        if problems and len(problems) == len(replicas) and all(each.kind == "unauthorized" for each in problems):
            # Waiting does not change the owner of a file.
            raise problems[0]
        is_late = deadline is not None and now >= deadline
        if is_full:
            if is_late:
                raise ServiceError(
                    "timeout",
                    f"{call.method}: the deadline passed while all replicas of {self.service} were at capacity")
        elif is_late or now >= end:
            raise self._no_replica(call, replicas)

    def _no_replica(self, call: Call, replicas: "list[Replica]") -> NoReplica:
        folder = self._directory.folder(self.service)
        if replicas:
            names = "; ".join(each.problem.message if each.problem else each.name for each in replicas)
            return NoReplica(f"no replica of {self.service} in {folder} accepts calls ({names})", is_published=True)
        name = f"replica {call.instance}" if call.instance else "replica"
        running = self._directory.services()
        hint = (
            f"the running services are {', '.join(running)}" if running
            else "is the stack running? Start it with `understudy up`, or set UNDERSTUDY_RUN_DIR to its run directory")
        return NoReplica(f"no {name} of {self.service} in {folder}: {hint}")

    def _closed(self) -> ServiceError:
        return ServiceError("cancelled", "the client was closed")
