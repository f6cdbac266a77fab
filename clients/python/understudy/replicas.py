# SPDX-License-Identifier: Apache-2.0
"""Which replica of a service gets the next call. Pure: times are parameters, and no connection is made here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Collection, Dict, List, Mapping, Optional

from .errors import ServiceError
from .run_directory import Identity

if TYPE_CHECKING:
    from .base import BaseConnection

FIRST_BACKOFF_S = 0.1
"""How long a replica is not used after its first failure. The time doubles with each further one."""

LONGEST_BACKOFF_S = 10.0
"""The longest time that a replica is not used after a failure."""

FIRST_BUSY_PAUSE_S = 0.05
"""How long a replica is not used after it rejected a call as `busy`. The time doubles with each further rejection."""

LONGEST_BUSY_PAUSE_S = 1.0
"""The longest time that a replica is not used after it rejected a call as `busy`."""


@dataclass(eq=False)
class Replica:
    """One process of a service.

    Attributes:
        name: The instance.
        identity: Distinguishes the process from others that had or will have the same name.
        in_flight: The number of this client's calls.
        slots_in_use: The number of those whose method has the load `work`.
        capacity: The maximum of `slots_in_use`, from its `rpc.health`.
        rejections: The number of consecutive `busy` replies.
        failures: The number of consecutive failures.
        usable_at: The time from which it may be used.
        problem: Why it could not be used last.
        connection: The connection for its calls.
        is_connecting: Whether a caller is connecting to it.
    """

    name: str
    identity: Identity
    in_flight: int = 0
    slots_in_use: int = 0
    capacity: Optional[int] = None
    rejections: int = 0
    failures: int = 0
    usable_at: float = float("-inf")
    problem: Optional[ServiceError] = None
    connection: Optional["BaseConnection"] = None
    is_connecting: bool = False

    def has_room(self, is_light: bool) -> bool:
        """Whether it accepts another call."""
        return is_light or self.capacity is None or self.slots_in_use < self.capacity


class ReplicaTable:
    """The published replicas of one service, with their load and their failures."""

    def __init__(self) -> None:
        self._replicas: Dict[str, Replica] = {}
        self._turn = 0

    @property
    def replicas(self) -> List[Replica]:
        """All published replicas, sorted by name."""
        return [self._replicas[name] for name in sorted(self._replicas)]

    def update(self, published: Mapping[str, Identity]) -> List[Replica]:
        """Replaces the published replicas.

        Returns:
            Those that were removed or replaced: their calls continue, and they get no others.
        """
        gone = [each for each in self._replicas.values() if published.get(each.name) != each.identity]
        for replica in gone:
            del self._replicas[replica.name]
        for name, identity in published.items():
            self._replicas.setdefault(name, Replica(name, identity))
        return gone

    def contains(self, replica: Replica) -> bool:
        """Whether a replica is still published."""
        return self._replicas.get(replica.name) is replica

    def acquire(
        self, now: float, *, is_light: bool = False, excluding: Collection[str] = (), instance: Optional[str] = None
    ) -> Optional[Replica]:
        """Selects the replica with the fewest calls in flight, and counts a call.

        Args:
            is_light: Whether the method's load is `light`.
            excluding: Replicas that have rejected this call.
            instance: The only replica to consider.

        Returns:
            `None` if there is none that may be used now.
        """
        usable = [
            each for each in self.replicas
            if now >= each.usable_at and each.has_room(is_light) and not each.is_connecting
            and each.name not in excluding and instance in (None, each.name)
        ]
        if not usable:
            return None
        fewest = min(each.in_flight for each in usable)
        best = [each for each in usable if each.in_flight == fewest]
        self._turn += 1
        replica = best[self._turn % len(best)]
        replica.in_flight += 1
        replica.slots_in_use += not is_light
        return replica

    def is_full(self, instance: Optional[str] = None) -> bool:
        """Whether there are replicas that accept calls when they have free capacity again."""
        return any(
            each.connection is not None and each.problem is None
            for each in self.replicas if instance in (None, each.name))

    @staticmethod
    def release(replica: Replica, is_light: bool = False) -> None:
        """Records the end of a call that `acquire` counted."""
        replica.in_flight -= 1
        replica.slots_in_use -= not is_light

    @staticmethod
    def succeeded(replica: Replica) -> None:
        """Records that a replica accepts calls."""
        replica.failures = 0
        replica.rejections = 0
        replica.problem = None

    @staticmethod
    def failed(replica: Replica, now: float, problem: ServiceError) -> None:
        """Records that a connection could not be made or was lost: the replica is not used for some time."""
        replica.usable_at = now + _backoff(FIRST_BACKOFF_S, LONGEST_BACKOFF_S, replica.failures)
        replica.failures += 1
        replica.problem = problem

    @staticmethod
    def rejected(replica: Replica, now: float) -> None:
        """Records that a replica rejected a call as `busy`: it is not used for some time."""
        replica.usable_at = now + _backoff(FIRST_BUSY_PAUSE_S, LONGEST_BUSY_PAUSE_S, replica.rejections)
        replica.rejections += 1


def _backoff(first: float, longest: float, count: int) -> float:
    return float(min(first * 2 ** min(count, 16), longest))
