# SPDX-License-Identifier: Apache-2.0
"""Iterators over the status messages of jobs."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncIterator, Dict, Iterator, Optional, Type, cast

from .base import BaseConnection
from .blocking import run
from .errors import ConnectionLost, ServiceError
from .events import ENDED, StatusMessage
from .pool import Call, ServicePool

if TYPE_CHECKING:
    from .methods import WatchSnapshot

EVENT = "orchestrator.event"
METHOD = "orchestrator.watch"

SILENCE_S = 10.0
"""How long a watch waits for the stored messages of a job that has ended, if it cannot know the last one."""

MAXIMUM_LOSSES = 10
"""After how many losses of the connection without a message between them a watch fails."""


class WatchState:
    """What a watch has delivered, and whether its job has ended. Pure.

    Args:
        job_id: The job; all jobs if absent.
        after_seq: The number of the last message that is not delivered. If absent, a watch of one job delivers all its
            messages, and a watch of all jobs only new ones.
    """

    def __init__(self, job_id: Optional[str], after_seq: Optional[int]) -> None:
        self._job_id = job_id
        self._after_seq = 0 if after_seq is None and job_id is not None else after_seq
        self._snapshot_seq = 0
        # The time of the job's last message, if it had ended when the snapshot was taken.
        self._ended_at: Optional[str] = None
        self.has_ended = False

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters of the call that starts or resumes the watch."""
        params = {"job_id": self._job_id, "after_seq": self._after_seq}
        return {name: value for name, value in params.items() if value is not None}

    @property
    def is_reading_history(self) -> bool:
        """Whether the job had ended when the watch was started or resumed, so that only stored messages follow."""
        return self._ended_at is not None

    def started(self, snapshot: Any) -> None:
        """Records the snapshot of a watch that was started or resumed."""
        members = snapshot if isinstance(snapshot, dict) else {}
        seq = members.get("seq")
        self._snapshot_seq = seq if isinstance(seq, int) else 0
        if self._after_seq is None:
            self._after_seq = self._snapshot_seq
        self._ended_at = None
        jobs = members.get("jobs")
        for job in jobs if isinstance(jobs, list) and self._job_id is not None else []:
            if isinstance(job, dict) and job.get("job_id") == self._job_id and job.get("state") in ENDED:
                self._ended_at = str(job.get("updated_at", ""))
                self.has_ended = self._after_seq >= self._snapshot_seq

    def receive(self, message: Any) -> Optional[StatusMessage]:
        """Records a message.

        Returns:
            The message; `None` if it was delivered before the connection was lost.
        """
        if not isinstance(message, dict) or not isinstance(message.get("seq"), int):
            return None
        if self._after_seq is not None and message["seq"] <= self._after_seq:
            return None
        self._after_seq = message["seq"]
        if self._job_id is not None and message.get("jobState") in ENDED:
            # The messages of a job that was retried contain an earlier end, too.
            is_new = message["seq"] > self._snapshot_seq
            is_last = self._ended_at is not None and str(message.get("ts", "")) >= self._ended_at
            self.has_ended = is_new or is_last
        return cast(StatusMessage, message)

    def silent(self) -> None:
        """Records that no stored message followed for `SILENCE_S`."""
        self.has_ended = True


class _BaseWatch:
    """What the two kinds of watches have in common."""

    def __init__(
        self, pool: ServicePool, job_id: Optional[str], after_seq: Optional[int], traceparent: Optional[str]
    ) -> None:
        self._pool = pool
        self._traceparent = traceparent
        self._state = WatchState(job_id, after_seq)
        self._connection: Optional[BaseConnection] = None
        self._snapshot: Optional["WatchSnapshot"] = None
        self._losses = 0
        self._is_closed = False

    async def _start(self) -> BaseConnection:
        """The connection that gets the messages. Connects if there is none."""
        if self._connection is None:
            call = Call(
                METHOD, self._state.params, is_idempotent=True, is_light=True, traceparent=self._traceparent,
                subscribes=True, is_resumed=self._snapshot is not None)
            connection, snapshot = await self._pool.subscribe(call)
            self._connection = connection
            self._state.started(snapshot)
            if self._snapshot is None:
                self._snapshot = snapshot
        return self._connection

    async def _get_snapshot(self) -> "WatchSnapshot":
        if self._snapshot is None:
            await self._start()
        return cast("WatchSnapshot", self._snapshot)

    async def _next_message(self) -> Optional[StatusMessage]:
        """The next message; `None` if the job has ended."""
        while not self._state.has_ended and not self._is_closed:
            try:
                connection = await self._start()
                if self._state.has_ended:
                    break
                until = time.monotonic() + SILENCE_S if self._state.is_reading_history else None
                notification = await connection.next_notification(until)
            except ConnectionLost:
                self._disconnect()
                self._losses += 1
                if self._losses == MAXIMUM_LOSSES:
                    raise
                continue
            except ServiceError as error:
                if self._is_closed and error.kind == "cancelled":
                    break
                raise
            if notification is None:
                self._state.silent()
            elif notification.method == EVENT:
                message = self._state.receive(notification.params)
                if message is not None:
                    self._losses = 0
                    return message
        self._disconnect()
        return None

    def _disconnect(self) -> None:
        """Closes the connection, which ends the call."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(ServiceError("cancelled", "the watch was closed"))

    def _end(self) -> None:
        self._is_closed = True
        self._disconnect()

    def __del__(self) -> None:
        if self._connection is not None:
            self._connection.drop()


class Watch(_BaseWatch):
    """The status messages of one job until it has ended, or of all jobs.

    If the connection is lost, it is made again, and the messages continue without gaps or repeats.
    """

    def snapshot(self) -> "WatchSnapshot":
        """The jobs as they were when the watch started. Starts it, if there was no message yet."""
        return run(self._get_snapshot())

    def __iter__(self) -> Iterator[StatusMessage]:
        return self

    def __next__(self) -> StatusMessage:
        message = run(self._next_message())
        if message is None:
            raise StopIteration
        return message

    def close(self) -> None:
        """Ends the watch. Another thread that waits for the next message gets none."""
        self._end()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class AsyncWatch(_BaseWatch):
    """The status messages of one job until it has ended, or of all jobs.

    If the connection is lost, it is made again, and the messages continue without gaps or repeats.
    """

    async def snapshot(self) -> "WatchSnapshot":
        """The jobs as they were when the watch started. Starts it, if there was no message yet."""
        return await self._get_snapshot()

    def __aiter__(self) -> AsyncIterator[StatusMessage]:
        return self

    async def __anext__(self) -> StatusMessage:
        message = await self._next_message()
        if message is None:
            raise StopAsyncIteration
        return message

    async def aclose(self) -> None:
        """Ends the watch. Another task that waits for the next message gets none."""
        self._end()

    async def __aenter__(self) -> "AsyncWatch":
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.aclose()
