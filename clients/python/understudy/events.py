# SPDX-License-Identifier: Apache-2.0
"""The messages of `orchestrator.watch`."""

from typing import Any, Dict, Literal, TypedDict


class AgentProgress(TypedDict):
    """How far an agent is."""

    done: int
    """The steps that are done."""
    total: int
    """All steps."""
    fraction: float
    """From 0 to 1."""


class _StatusMessageRequired(TypedDict):
    v: int
    """The version of this format: 1."""
    seq: int
    """The sequence number. It grows and never repeats."""
    ts: str
    """When the message was stored, in RFC 3339 format."""
    jobId: str
    """The job's id."""
    userId: str
    """The user's id."""
    sessionId: str
    """The session's id."""
    agentNumber: str
    """The agent that the message is about: `Agent2`, `Agent4`, `Agent5` or `Agent6`."""
    status: Literal["starting", "processing", "finished", "error"]
    """The status of that agent."""
    message: str
    """The text for the user."""
    cost: float
    """What this agent has cost so far, in US dollars."""
    costs: Dict[str, float]
    """What each agent has cost so far, and their `total`, in US dollars."""
    jobState: Literal["queued", "running", "finished", "error", "cancelled"]
    """The state of the job after this message."""


class StatusMessage(_StatusMessageRequired, total=False):
    """A status message of a job."""

    supersessionId: str
    """The supersession's id, if the job has one."""
    segmentId: str
    """The segment that the message is about."""
    progress: AgentProgress
    """The progress of the agent."""
    videoUrl: str
    """The artifact URI of the film, in the last message of the agent that made it."""
    error: Dict[str, Any]
    """Why the agent failed. `ServiceError.from_json` reads it."""


ENDED = frozenset(["finished", "error", "cancelled"])
"""The states of jobs that have ended."""
