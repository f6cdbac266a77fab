# SPDX-License-Identifier: Apache-2.0
"""Runs coroutines without an event loop, so that the blocking and the asyncio client share their logic."""

from typing import Any, Coroutine, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine whose operations all block instead of suspending it.

    Raises:
        TypeError: The coroutine suspended, because a callback of the blocking client is a coroutine function.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise TypeError("a callback of the blocking client must not await; use AsyncClient")
