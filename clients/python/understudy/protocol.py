# SPDX-License-Identifier: Apache-2.0
"""The client's side of the wire as a state machine: bytes in, events out. It performs no I/O."""

import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from .errors import ServiceError

Id = Union[int, str]
"""The id of a call."""

REPLY_LIMIT = 64 * 1024 * 1024
"""The maximum bytes of a line from a service."""


class ProtocolError(Exception):
    """The peer sent a line that is not a JSON-RPC 2.0 message, or is too long. The stream cannot be used afterwards."""


@dataclass(frozen=True)
class Progress:
    """How far a call is.

    Attributes:
        fraction: From 0 to 1.
        message: One line for the user.
        members: All members of the notification. `agent6.process` reports those of its status messages.
    """

    fraction: float
    message: str
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """The result of a call."""

    id: Id
    result: Any


@dataclass(frozen=True)
class Failure:
    """The error of a call."""

    id: Id
    error: ServiceError


@dataclass(frozen=True)
class ProgressReport:
    """The progress of a call."""

    id: Id
    progress: Progress


@dataclass(frozen=True)
class Notification:
    """A notification that belongs to no call."""

    method: str
    params: Any


Event = Union[Reply, Failure, ProgressReport, Notification]
"""What a line from a service means."""


class LineFramer:
    """Splits a byte stream into lines that end with `\\n` or `\\r\\n`. Empty lines are skipped.

    Args:
        limit: The maximum bytes of a line.
    """

    def __init__(self, limit: int = REPLY_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[bytes]:
        """Returns the lines that these bytes complete.

        Raises:
            ProtocolError: A line exceeds the limit.
        """
        scanned = len(self._buffer)
        self._buffer += data
        lines: List[bytes] = []
        start = 0
        while True:
            end = self._buffer.find(b"\n", max(start, scanned))
            self._check((len(self._buffer) if end < 0 else end) - start)
            if end < 0:
                break
            line = bytes(self._buffer[start:end]).rstrip(b"\r")
            if line:
                lines.append(line)
            start = end + 1
        del self._buffer[:start]
        return lines

    def end(self) -> List[bytes]:
        """Returns the last line of an ended stream, if it has no newline."""
        line = bytes(self._buffer).rstrip(b"\r")
        self._buffer.clear()
        return [line] if line else []

    def _check(self, length: int) -> None:
        if length > self._limit + 1:
            raise ProtocolError(f"a line is longer than {self._limit} bytes")


class ClientMachine:
    """Encodes calls and matches replies to them.

    >>> machine = ClientMachine()
    >>> machine.request("rpc.health", {})
    (1, b'{"jsonrpc":"2.0","id":1,"method":"rpc.health","params":{"progress":false}}\\n')
    >>> machine.receive(b'{"jsonrpc":"2.0","id":1,"result":{"status":"serving"}}\\n')
    [Reply(id=1, result={'status': 'serving'})]
    """

    def __init__(self, limit: int = REPLY_LIMIT) -> None:
        self._framer = LineFramer(limit)
        self._next_id = 1
        # The bytes of each pending request.
        self._pending: Dict[Id, int] = {}

    @property
    def pending(self) -> List[Id]:
        """The ids of the calls without a reply."""
        return list(self._pending)

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: Optional[float] = None,
        wants_progress: bool = False,
        traceparent: Optional[str] = None,
        id: Optional[Id] = None,
    ) -> Tuple[Id, bytes]:
        """Starts a call.

        Args:
            timeout: The seconds that remain for the call.
            traceparent: A W3C trace context.
            id: The call's id, which must not be pending; the next number if absent.

        Returns:
            The id and the line to send.

        Raises:
            TypeError: A parameter cannot be represented in JSON.
            ValueError: A number is not finite, a string is not Unicode, or the id is pending.
        """
        if id is None:
            id = self._next_id
            self._next_id += 1
        elif id in self._pending:
            raise ValueError(f"a call with the id {id!r} is pending")
        members = dict(params)
        if timeout is not None:
            members["deadline_ms"] = max(int(timeout * 1000), 1)
        if not wants_progress:
            members["progress"] = False
        if traceparent is not None:
            members["_meta"] = {**members.get("_meta", {}), "traceparent": traceparent}
        line = _line({"jsonrpc": "2.0", "id": id, "method": method, "params": members})
        self._pending[id] = len(line)
        return id, line

    @staticmethod
    def notification(method: str, params: Mapping[str, Any]) -> bytes:
        """Returns the line of a notification."""
        return _line({"jsonrpc": "2.0", "method": method, "params": dict(params)})

    def cancel(self, id: Id) -> bytes:
        """Forgets a pending call.

        Returns:
            The line that cancels it; empty if it is not pending.
        """
        return self.notification("rpc.cancel", {"id": id}) if self.forget(id) else b""

    def forget(self, id: Id) -> bool:
        """Forgets a call, whose reply is ignored then. Returns whether it was pending."""
        return self._pending.pop(id, None) is not None

    def receive(self, data: bytes) -> List[Event]:
        """Returns the events that these bytes complete.

        Raises:
            ProtocolError: The connection must be closed.
        """
        return [event for line in self._framer.feed(data) for event in self._read(line)]

    def end(self) -> List[Event]:
        """Returns the events of the last line of an ended stream, which may lack its newline.

        Part of a message is ignored.
        """
        try:
            return [event for line in self._framer.end() for event in self._read(line)]
        except ProtocolError:
            return []

    def _read(self, line: bytes) -> List[Event]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"a line is not JSON: {line[:100]!r}") from error
        messages = value if isinstance(value, list) else [value]
        return [event for message in messages for event in self._events(message)]

    def _events(self, message: Any) -> List[Event]:
        if not isinstance(message, dict) or not ("id" in message or isinstance(message.get("method"), str)):
            raise ProtocolError(f"a line is not a JSON-RPC 2.0 message: {message!r:.100}")
        if "method" in message:
            # Services send no requests.
            return [] if "id" in message else self._notification(message["method"], message.get("params"))
        if message["id"] is None and "error" in message:
            return self._rejection(ServiceError.from_json(message["error"]))
        id = self._match(message["id"])
        if id is None:
            # The reply to a call that was cancelled.
            return []
        del self._pending[id]
        if "error" in message:
            return [Failure(id, ServiceError.from_json(message["error"]))]
        if "result" not in message:
            return [Failure(id, ServiceError("internal", "the reply has neither a result nor an error"))]
        return [Reply(id, message["result"])]

    def _notification(self, method: Any, params: Any) -> List[Event]:
        if method != "rpc.progress":
            return [Notification(method, params)]
        members = params if isinstance(params, dict) else {}
        id = self._match(members.get("id"))
        if id is None:
            return []
        fraction = members.get("fraction")
        progress = Progress(
            fraction=float(fraction) if isinstance(fraction, (int, float)) else 0.0,
            message=str(members.get("message", "")),
            members={name: value for name, value in members.items() if name != "id"},
        )
        return [ProgressReport(id, progress)]

    def _rejection(self, error: ServiceError) -> List[Event]:
        """The failures that follow from an error without an id: a line could not be parsed, or the peer was rejected."""
        ids = self.pending
        if error.kind == "parse" and ids:
            # Most likely the longest line is the one that could not be parsed.
            ids = [max(ids, key=lambda id: self._pending[id])]
        for id in ids:
            del self._pending[id]
        return [Failure(id, error) for id in ids]

    def _match(self, id: Any) -> Optional[Id]:
        """The pending call of an id. Some services return the id 7 as `"7"` or `7.0`."""
        if isinstance(id, bool) or not isinstance(id, (int, float, str)):
            return None
        if id in self._pending:
            return int(id) if isinstance(id, float) else id
        number = int(id) if isinstance(id, str) and id.isascii() and id.isdigit() and len(id) < 19 else None
        return number if number in self._pending else None


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
