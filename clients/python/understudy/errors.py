# SPDX-License-Identifier: Apache-2.0
"""The errors of calls."""

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

KINDS: Dict[int, str] = {
    -32700: "parse",
    -32600: "invalid_request",
    -32601: "method_not_found",
    -32602: "invalid_params",
    -32603: "internal",
    -32800: "cancelled",
    -32009: "busy",
    -32010: "timeout",
    -32011: "unavailable",
    -32012: "rate_limited",
    -32013: "quota_exhausted",
    -32014: "content_rejected",
    -32015: "not_found",
    -32016: "corrupt_media",
    -32017: "unauthorized",
    -32018: "too_large",
    -32019: "conflict",
}
"""The kind of each JSON-RPC code."""

CODES: Dict[str, int] = {kind: code for code, kind in KINDS.items()}
"""The JSON-RPC code of each kind."""

RETRYABLE = frozenset(["busy", "timeout", "unavailable", "rate_limited"])
"""The kinds whose errors are retryable unless the error itself states otherwise."""


class ServiceError(Exception):
    """The error that a service replied with, or that prevented the call.

    Attributes:
        kind: The class of the failure: `invalid_params`, `not_found`, `timeout`, ...
        message: One line that names the place and what to do next.
        code: The JSON-RPC code of the kind.
        data: All members of the error's `data`.
    """

    def __init__(
        self, kind: str, message: str, *, code: Optional[int] = None, data: Optional[Mapping[str, Any]] = None
    ) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.code = CODES.get(kind, CODES["internal"]) if code is None else code
        self.data: Dict[str, Any] = dict(data or {})

    @classmethod
    def from_json(cls, error: object) -> "ServiceError":
        """Reads the `error` member of a reply. The kind follows from the code if `data` does not contain it."""
        if not isinstance(error, dict):
            return cls("internal", f"the reply's error is not an object: {error!r:.200}")
        members, code = error.get("data"), error.get("code")
        data: Dict[str, Any] = members if isinstance(members, dict) else {}
        number = code if isinstance(code, int) else CODES["internal"]
        kind = data.get("kind")
        return cls(
            kind if isinstance(kind, str) else KINDS.get(number, "internal"),
            str(error.get("message", "")),
            code=number,
            data=data,
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"

    def __reduce__(self) -> Tuple[Callable[..., "ServiceError"], Tuple[Any, ...], Dict[str, Any]]:
        return (_restore, (type(self), self.kind, self.message), self.__dict__)

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed if it is repeated."""
        value = self.data.get("retryable")
        return value if isinstance(value, bool) else self.kind in RETRYABLE

    @property
    def retry_after_s(self) -> Optional[float]:
        """Seconds to wait before a retry, if the provider stated them."""
        return self._number("retry_after_s")

    @property
    def detail(self) -> Optional[str]:
        """The provider's original message, or the violations of an input, one per line."""
        return self._text("detail")

    @property
    def pointer(self) -> Optional[str]:
        """The JSON pointer of the invalid parameter, if the kind is `invalid_params`: `/clips/0/duration`."""
        if self.kind != "invalid_params":
            return None
        pointer = self.message.split(": ", 1)[0]
        return pointer if pointer.startswith("/") else None

    @property
    def provider(self) -> Optional[str]:
        """The provider that failed."""
        return self._text("provider")

    @property
    def provider_code(self) -> Optional[str]:
        """The provider's code of the failure, or one of this system's: `no_replica`, `replica_lost`, ..."""
        return self._text("provider_code")

    @property
    def request_id(self) -> Optional[str]:
        """The provider's id of the request, to quote in a support request."""
        return self._text("request_id")

    @property
    def wasted_usd(self) -> Optional[float]:
        """US dollars that were spent on results that cannot be used."""
        return self._number("wasted_usd")

    @property
    def unknown_usd(self) -> Optional[float]:
        """US dollars of orders that may have been charged."""
        return self._number("unknown_usd")

    @property
    def next_attempt(self) -> Optional[int]:
        """The `attempt` of `imagegen.generate` that continues after this failure."""
        value = self.data.get("next_attempt")
        return value if isinstance(value, int) else None

    def _text(self, name: str) -> Optional[str]:
        value = self.data.get(name)
        return value if isinstance(value, str) else None

    def _number(self, name: str) -> Optional[float]:
        value = self.data.get(name)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


class ConnectionLost(ServiceError):
    """The connection was lost before the reply arrived. It is not known whether the call was performed, if `was_sent`.

    Idempotent calls are repeated on another replica before this error is raised.
    """

    def __init__(self, message: str, *, was_sent: bool = True) -> None:
        code = "replica_lost" if was_sent else "replica_unreachable"
        super().__init__("unavailable", message, data={"retryable": True, "provider_code": code})
        self.was_sent = was_sent


class NoReplica(ServiceError):
    """No replica of the service is running, or none accepts connections. The call was not sent."""

    def __init__(self, message: str, *, is_published: bool = False) -> None:
        code = "replica_unreachable" if is_published else "no_replica"
        super().__init__("unavailable", message, data={"retryable": True, "provider_code": code})


def _restore(type_: Callable[..., ServiceError], kind: str, message: str) -> ServiceError:
    """Restores a pickled error, whose attributes are set afterwards."""
    return type_(message) if type_ in (ConnectionLost, NoReplica) else type_(kind, message)
