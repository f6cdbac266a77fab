# SPDX-License-Identifier: Apache-2.0
"""The clients for all services of a run directory."""

import asyncio
import threading
import weakref
from typing import Any, Dict, List, Mapping, Optional, Union

from .aio import AsyncConnection
from .base import BaseConnection, ProgressCallback
from .blocking import run
from .connection import Connection
from .methods import METHODS, AsyncServices, Services
from .pool import Backend, Bounds, Call, ServicePool
from .run_directory import PeerPolicy, RunDirectory
from .service import BlockingProgressCallback, Method
from .watch import AsyncWatch, Watch


class _ThreadBackend:
    """Connects and waits by blocking the caller's thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    async def connect(self, path: str, peers: PeerPolicy, subscribes: bool, timeout: float) -> BaseConnection:
        return Connection.open(path, peers=peers, subscribes=subscribes, timeout=timeout)

    async def pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class _LoopBackend:
    """Connects and waits on the running event loop."""

    def __init__(self) -> None:
        self._waiters: "List[asyncio.Future[None]]" = []

    async def connect(self, path: str, peers: PeerPolicy, subscribes: bool, timeout: float) -> BaseConnection:
        return await AsyncConnection.open(path, peers=peers, subscribes=subscribes, timeout=timeout)

    async def pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        timer = loop.call_later(seconds, _resume, waiter)
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _resume(waiter)


def _resume(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


class _BaseClient:
    """What the two kinds of clients have in common.

    Args:
        run_dir: The run directory of the stack; by default that of the environment: `UNDERSTUDY_RUN_DIR`, else
            `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`.
        timeout: The deadline in seconds of calls that have none of their own; none by default.
        replica_timeout: Seconds that a call waits while no replica of its service can be used.
        busy_timeout: Seconds that a call waits for free capacity after a replica has rejected it as `busy`.
    """

    def __init__(
        self,
        run_dir: Optional[str] = None,
        *,
        timeout: Optional[float] = None,
        replica_timeout: float = 10.0,
        busy_timeout: float = 60.0,
    ) -> None:
        self._directory = RunDirectory(run_dir)
        self._timeout = timeout
        self._bounds = Bounds(replica_timeout, busy_timeout, Bounds.default_stall_s())
        self._backend = self._new_backend()
        self._lock = threading.Lock()
        self._pools: Dict[str, ServicePool] = {}
        self._watches: "weakref.WeakSet[Union[Watch, AsyncWatch]]" = weakref.WeakSet()

    def _new_backend(self) -> Backend:
        raise NotImplementedError

    @property
    def run_dir(self) -> str:
        """The run directory."""
        return self._directory.path

    def services(self) -> List[str]:
        """The names of the services that have a published replica, sorted."""
        return self._directory.services()

    def replicas(self, service: str) -> List[str]:
        """The names of the published replicas of a service, sorted."""
        return sorted(self._directory.instances(service))

    def _pool(self, service: str) -> ServicePool:
        with self._lock:
            pool = self._pools.get(service)
            if pool is None:
                self._directory.folder(service)
                pool = self._pools[service] = ServicePool(service, self._directory, self._backend, self._bounds)
            return pool

    def _request(
        self,
        method: Method,
        params: Mapping[str, Any],
        timeout: Optional[float],
        on_progress: Optional[ProgressCallback],
        traceparent: Optional[str],
        instance: Optional[str],
    ) -> Call:
        return Call(
            method.name, params, is_idempotent=method.is_idempotent, is_light=method.is_light,
            timeout=self._timeout if timeout is None else timeout, on_progress=on_progress, traceparent=traceparent,
            instance=instance)

    @staticmethod
    def _method(name: str, idempotent: Optional[bool]) -> Method:
        known = METHODS.get(name, Method(name, is_idempotent=False, is_light=False))
        return known if idempotent is None else Method(name, idempotent, known.is_light)

    def _close(self) -> None:
        with self._lock:
            pools = list(self._pools.values())
        for watch in list(self._watches):
            watch._end()
        for pool in pools:
            pool.close()


class Client(_BaseClient, Services):
    """Calls the services of a run directory, from any number of threads.

    >>> with understudy.Client() as client:  # doctest: +SKIP
    ...     print(client.clipper.health()["status"])

    `client.orchestrator`, `client.imagegen` and the others have a method for each RPC method; `call` calls any service.
    """

    def __init__(
        self,
        run_dir: Optional[str] = None,
        *,
        timeout: Optional[float] = None,
        replica_timeout: float = 10.0,
        busy_timeout: float = 60.0,
    ) -> None:
        _BaseClient.__init__(
            self, run_dir, timeout=timeout, replica_timeout=replica_timeout, busy_timeout=busy_timeout)
        Services.__init__(self, self)

    def call(
        self,
        service: str,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[BlockingProgressCallback] = None,
        traceparent: Optional[str] = None,
        instance: Optional[str] = None,
        idempotent: Optional[bool] = None,
    ) -> Any:
        """Calls a method by its name.

        Args:
            service: The service: a folder of the run directory.
            method: The method, e.g. `orchestrator.status`.
            params: Its parameters.
            timeout: The deadline in seconds, which applies to all calls that the service makes for this one, too.
            on_progress: Is called in this thread for each progress report. An exception that it raises cancels the
                call.
            traceparent: A W3C trace context.
            instance: The replica to call; any if absent.
            idempotent: Whether the call may be sent again if its connection is lost; by default, what the service
                declares.

        Raises:
            ServiceError: The error of the reply; `timeout` if the deadline passed.
            NoReplica: No replica of the service is running.
            ConnectionLost: The call was lost with its replica.
        """
        return self._call_method(
            service, self._method(method, idempotent), params or {}, timeout, on_progress, traceparent, instance)

    def close(self) -> None:
        """Closes all connections, which cancels the calls and ends the watches of other threads."""
        self._close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_backend(self) -> Backend:
        return _ThreadBackend()

    def _call_method(
        self,
        service: str,
        method: Method,
        params: Mapping[str, Any],
        timeout: Optional[float],
        on_progress: Optional[ProgressCallback],
        traceparent: Optional[str],
        instance: Optional[str],
    ) -> Any:
        request = self._request(method, params, timeout, on_progress, traceparent, instance)
        return run(self._pool(service).call(request))

    def _watch(
        self, service: str, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]
    ) -> Watch:
        watch = Watch(self._pool(service), job_id, after_seq, traceparent)
        self._watches.add(watch)
        return watch


class AsyncClient(_BaseClient, AsyncServices):
    """Calls the services of a run directory from an asyncio event loop. A cancelled task cancels its call.

    >>> async with understudy.AsyncClient() as client:  # doctest: +SKIP
    ...     print((await client.clipper.health())["status"])

    `client.orchestrator`, `client.imagegen` and the others have a method for each RPC method; `call` calls any service.
    """

    def __init__(
        self,
        run_dir: Optional[str] = None,
        *,
        timeout: Optional[float] = None,
        replica_timeout: float = 10.0,
        busy_timeout: float = 60.0,
    ) -> None:
        _BaseClient.__init__(
            self, run_dir, timeout=timeout, replica_timeout=replica_timeout, busy_timeout=busy_timeout)
        AsyncServices.__init__(self, self)

    async def call(
        self,
        service: str,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        on_progress: Optional[ProgressCallback] = None,
        traceparent: Optional[str] = None,
        instance: Optional[str] = None,
        idempotent: Optional[bool] = None,
    ) -> Any:
        """Calls a method by its name.

        Args:
            service: The service: a folder of the run directory.
            method: The method, e.g. `orchestrator.status`.
            params: Its parameters.
            timeout: The deadline in seconds, which applies to all calls that the service makes for this one, too.
            on_progress: Is called for each progress report; may be a coroutine function. An exception that it raises
                cancels the call.
            traceparent: A W3C trace context.
            instance: The replica to call; any if absent.
            idempotent: Whether the call may be sent again if its connection is lost; by default, what the service
                declares.

        Raises:
            ServiceError: The error of the reply; `timeout` if the deadline passed.
            NoReplica: No replica of the service is running.
            ConnectionLost: The call was lost with its replica.
        """
        return await self._call_method(
            service, self._method(method, idempotent), params or {}, timeout, on_progress, traceparent, instance)

    async def aclose(self) -> None:
        """Closes all connections, which cancels the calls and ends the watches of other tasks."""
        self._close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _new_backend(self) -> Backend:
        return _LoopBackend()

    async def _call_method(
        self,
        service: str,
        method: Method,
        params: Mapping[str, Any],
        timeout: Optional[float],
        on_progress: Optional[ProgressCallback],
        traceparent: Optional[str],
        instance: Optional[str],
    ) -> Any:
        request = self._request(method, params, timeout, on_progress, traceparent, instance)
        return await self._pool(service).call(request)

    def _watch(
        self, service: str, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]
    ) -> AsyncWatch:
        watch = AsyncWatch(self._pool(service), job_id, after_seq, traceparent)
        self._watches.add(watch)
        return watch
