# SPDX-License-Identifier: Apache-2.0
"""What the classes of all services have in common. The classes themselves are generated: see `methods.py`."""

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, ClassVar, Dict, List, Mapping, Optional, Protocol, Union

from .base import ProgressCallback
from .protocol import Progress
from .watch import AsyncWatch, Watch

BlockingProgressCallback = Callable[[Progress], None]
"""Is called in the caller's thread for each progress report. An exception that it raises cancels the call."""


@dataclass(frozen=True)
class Method:
    """What a client needs to know of a method.

    Attributes:
        is_idempotent: Whether a call may be sent again if its connection is lost.
        is_light: Whether it needs no free capacity of a replica.
    """

    name: str
    is_idempotent: bool
    is_light: bool


class Caller(Protocol):
    """The part of `Client` and `AsyncClient` that the services use. An `AsyncClient` returns awaitables."""

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
        """Calls a method."""

    def _watch(self, service: str, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]) -> Any:
        """Watches jobs."""

    def replicas(self, service: str) -> List[str]:
        """The published replicas of a service."""


DISCOVER = Method("rpc.discover", is_idempotent=True, is_light=True)


class _BaseService:
    NAME: ClassVar[str]

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def replicas(self) -> List[str]:
        """The names of the published replicas, sorted."""
        return self._caller.replicas(self.NAME)

    def _invoke(
        self,
        method: Method,
        required: Mapping[str, Any],
        optional: Mapping[str, Any],
        timeout: Optional[float],
        on_progress: Union[None, BlockingProgressCallback, ProgressCallback] = None,
        traceparent: Optional[str] = None,
        instance: Optional[str] = None,
    ) -> Any:
        params = {**required, **{name: value for name, value in optional.items() if value is not None}}
        return self._caller._call_method(self.NAME, method, params, timeout, on_progress, traceparent, instance)


class Service(_BaseService):
    """A service as a blocking client calls it."""

    _call = _BaseService._invoke

    def discover(self, *, instance: Optional[str] = None, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Returns the OpenRPC document of a running replica."""
        document: Dict[str, Any] = self._call(DISCOVER, {}, {}, timeout, instance=instance)
        return document

    def _events(self, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]) -> Watch:
        watch: Watch = self._caller._watch(self.NAME, job_id, after_seq, traceparent)
        return watch


class AsyncService(_BaseService):
    """A service as an asyncio client calls it."""

    async def _call(
        self,
        method: Method,
        required: Mapping[str, Any],
        optional: Mapping[str, Any],
        timeout: Optional[float],
        on_progress: Optional[ProgressCallback] = None,
        traceparent: Optional[str] = None,
        instance: Optional[str] = None,
    ) -> Any:
        awaitable: Awaitable[Any] = self._invoke(
            method, required, optional, timeout, on_progress, traceparent, instance)
        return await awaitable

    async def discover(self, *, instance: Optional[str] = None, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Returns the OpenRPC document of a running replica."""
        document: Dict[str, Any] = await self._call(DISCOVER, {}, {}, timeout, instance=instance)
        return document

    def _events(self, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]) -> AsyncWatch:
        watch: AsyncWatch = self._caller._watch(self.NAME, job_id, after_seq, traceparent)
        return watch
