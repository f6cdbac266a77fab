// SPDX-License-Identifier: Apache-2.0

import type { Agent, Costs, ErrorObject, JobState, Progress } from "./methods.js";

/** A status message of a job, as `orchestrator.watch` sends it. */
export interface StatusMessage {
  /** The version of this format: 1. */
  v: number;
  /** The sequence number. It grows and never repeats, across restarts as well. */
  seq: number;
  /** When the message was stored: an ISO 8601 time in UTC. */
  ts: string;
  jobId: string;
  userId: string;
  sessionId: string;
  supersessionId?: string;
  /** The agent that the message is about. */
  agentNumber: Agent;
  /** The status of that agent. */
  status: "starting" | "processing" | "finished" | "error";
  /** The text for the user. */
  message: string;
  /** The segment's id, if the message is about a segment. */
  segmentId?: string;
  /** The progress of the agent. */
  progress?: Progress;
  /** What this agent has cost so far. Unit: USD. */
  cost: number;
  /** What each agent has cost so far. Unit: USD. */
  costs: Costs & { total: number };
  /** The artifact URI of the film, in the `finished` message of the agent that made it. */
  videoUrl?: string;
  /** Why the agent failed, in an `error` message. */
  error?: ErrorObject;
  /** The state of the job after this message. */
  jobState: JobState;
}

/** Whether a job in this state has ended. It changes only if a client retries or upgrades it. */
export function hasEnded(state: JobState): boolean {
  return state === "finished" || state === "error" || state === "cancelled";
}
