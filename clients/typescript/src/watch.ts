// SPDX-License-Identifier: Apache-2.0

import type { ServiceClient } from "./client.js";
import { replicaLost } from "./client.js";
import type { Connection } from "./connection.js";
import { cancelled, ConnectionLost, ServiceError } from "./errors.js";
import { hasEnded } from "./events.js";
import type { StatusMessage } from "./events.js";
import type { JobView, WatchJobs, WatchSnapshot } from "./methods.js";

const method = "orchestrator.watch";
const firstBackoffMs = 100;
const longestBackoffMs = 2000;
/** How often the connection may be lost without a message in between. */
const maximumLosses = 5;
/** The number of messages at which reading pauses, and at which it continues. */
const [fullQueue, shortQueue] = [1000, 500];

/** Settings of a watch. */
export interface WatchOptions {
  /** Ends the watch: the iteration throws `cancelled`. */
  signal?: AbortSignal | undefined;
  /** Called with the state of the jobs at the start, and each time the connection was made again. */
  onSnapshot?: ((snapshot: WatchSnapshot) => void) | undefined;
  /** How long to try to connect again after the connection was lost. Unit: ms. Default: 30000. */
  reconnectTimeoutMs?: number | undefined;
  /** How long to wait for stored messages of a job that has ended, if it is unknown which is the last one. Unit: ms. Default: 10000. */
  silenceTimeoutMs?: number | undefined;
}

/**
 * The status messages of one job, or of all jobs.
 *
 * With a `job_id` the iteration begins with the job's first message, or with the first one after `after_seq`, and ends with the message
 * with which the job ends. Without a `job_id` it has the new messages of all jobs, or those after `after_seq`, and goes on until it is left
 * or cancelled. If the connection is lost, it continues on a new one without gaps or repeats. Each iteration is a call of its own.
 */
export class Watch implements AsyncIterable<StatusMessage> {
  /** @internal */
  constructor(
    private readonly client: ServiceClient<any>,
    private readonly params: WatchJobs,
    private readonly options: WatchOptions = {},
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<StatusMessage, void, undefined> {
    let after = this.params.after_seq ?? (this.params.job_id === undefined ? undefined : 0);
    let backoffMs = 0;
    let timeoutMs: number | undefined;
    for (let losses = 0; ; losses += 1) {
      const subscription = await this.subscribe(after, timeoutMs, backoffMs);
      try {
        const end = new EndOfJob(this.params.job_id, subscription.snapshot);
        this.options.onSnapshot?.(subscription.snapshot);
        after ??= subscription.snapshot.seq;
        for (;;) {
          const message = await subscription.next(end.isReached ? this.options.silenceTimeoutMs ?? 10_000 : undefined);
          if (message === "silence") return;
          if (message === "closed") break;
          if (message.seq <= after) continue;
          after = message.seq;
          [backoffMs, losses] = [0, 0];
          yield message;
          if (end.isAt(message)) return;
        }
      } finally {
        subscription.close();
      }
      if (losses === maximumLosses) throw replicaLost(new ConnectionLost(`${method}: the connection is lost again and again`));
      timeoutMs = this.options.reconnectTimeoutMs ?? 30_000;
      backoffMs = Math.min(Math.max(firstBackoffMs, backoffMs * 2), longestBackoffMs);
    }
  }

  /** Starts the call. It is repeated while the service is not available. */
  private async subscribe(after: number | undefined, timeoutMs: number | undefined, backoffMs: number): Promise<Subscription> {
    const start = performance.now();
    const params = after === undefined ? this.params : { ...this.params, after_seq: after };
    for (;;) {
      await sleep(backoffMs, this.options.signal);
      try {
        const rest = timeoutMs === undefined ? {} : { replicaTimeoutMs: Math.max(0, timeoutMs - (performance.now() - start)) };
        return await Subscription.open(this.client, params, this.options.signal, rest);
      } catch (error) {
        const isOver = timeoutMs === undefined ? !isLost(error) : performance.now() - start >= timeoutMs;
        if (isOver || !isLost(error)) throw error instanceof ConnectionLost ? replicaLost(error) : error;
        timeoutMs ??= this.options.reconnectTimeoutMs ?? 30_000;
        backoffMs = Math.min(Math.max(firstBackoffMs, backoffMs * 2), longestBackoffMs);
      }
    }
  }
}

/** Decides which message is the last one of a job. */
class EndOfJob {
  private readonly view: JobView | undefined;
  private readonly seq: number;
  /** Whether the job has ended, so that only stored messages can follow. */
  isReached: boolean;

  constructor(private readonly jobID: string | undefined, snapshot: WatchSnapshot) {
    this.view = snapshot.jobs.find((job) => job.job_id === jobID);
    this.seq = snapshot.seq;
    this.isReached = this.view !== undefined && hasEnded(this.view.state);
  }

  /** Whether the job ends with this message. A job that was retried has earlier messages with which it ended. */
  isAt(message: StatusMessage): boolean {
    if (this.jobID === undefined) return false;
    const isStored = this.view !== undefined && this.isReached && message.ts < this.view.updated_at;
    if (hasEnded(message.jobState)) return this.isReached ? !isStored : message.seq > this.seq;
    // A client has retried the job since.
    if (this.isReached && !isStored && message.seq > this.seq) this.isReached = false;
    return false;
  }
}

/** One call of `orchestrator.watch` on a connection of its own: its messages do not state which call they belong to. */
class Subscription {
  snapshot: WatchSnapshot = { seq: 0, jobs: [] };
  private readonly queue: StatusMessage[] = [];
  private failure: unknown;
  private isClosed = false;
  private isPaused = false;
  private wake: () => void = () => {};

  private constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal | undefined,
  ) {
    connection.onNotification = (name, params) => this.receive(name, params);
    connection.onClose = () => {
      this.isClosed = true;
      this.wake();
    };
    connection.retain();
  }

  static async open(
    client: ServiceClient<any>, params: WatchJobs, signal: AbortSignal | undefined, wait: { replicaTimeoutMs?: number },
  ): Promise<Subscription> {
    const connection = await client.connect({ method, signal, ...wait });
    const subscription = new Subscription(connection, signal);
    try {
      const request = { method, params, signal, isIdempotent: true, settlementTimeoutMs: 0, limit: client.lineLimit };
      const snapshot = await connection.call(request);
      if (!isSnapshot(snapshot)) throw new ServiceError("internal", `${method} returned an unexpected result`);
      subscription.snapshot = snapshot;
      return subscription;
    } catch (error) {
      subscription.close();
      throw error;
    }
  }

  /** Waits for a message. `silence`: none arrived for that long; `closed`: the connection was lost. Throws `cancelled`. */
  async next(silenceMs: number | undefined): Promise<StatusMessage | "silence" | "closed"> {
    const isDue = this.queue.length > 0 || this.isClosed || this.failure !== undefined;
    const isSilent = !isDue && !this.signal?.aborted && (await this.change(silenceMs));
    if (this.signal?.aborted) throw cancelled(method, this.signal);
    const message = this.queue.shift();
    if (this.isPaused && this.queue.length < shortQueue) {
      this.isPaused = false;
      this.connection.resume();
    }
    if (message) return message;
    if (this.failure !== undefined) throw this.failure;
    return isSilent ? "silence" : "closed";
  }

  close(): void {
    this.connection.close();
  }

  /** Waits for a message, the end of the connection, or the signal. Returns whether the time has passed instead. */
  private change(silenceMs: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isSilent: boolean): void => {
        clearTimeout(timer);
        this.signal?.removeEventListener("abort", this.wake);
        this.wake = () => {};
        resolve(isSilent);
      };
      const timer = silenceMs === undefined ? undefined : setTimeout(() => end(true), silenceMs);
      this.wake = () => end(false);
      this.signal?.addEventListener("abort", this.wake);
    });
  }

  private receive(name: string, params: unknown): void {
    if (name !== "orchestrator.event") return;
    if (isMessage(params)) this.queue.push(params);
    else this.failure ??= new ServiceError("internal", `${method} sent an unexpected message`);
    if (this.queue.length >= fullQueue && !this.isPaused) {
      this.isPaused = true;
      this.connection.pause();
    }
    this.wake();
  }
}

/** Whether the service may be available again later. */
function isLost(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof ServiceError && error.kind === "busy");
}

function isSnapshot(value: unknown): value is WatchSnapshot {
  const { jobs, seq } = (value ?? {}) as Partial<WatchSnapshot>;
  return typeof seq === "number" && Array.isArray(jobs);
}

function isMessage(value: unknown): value is StatusMessage {
  const { jobState, seq, ts } = (value ?? {}) as Partial<StatusMessage>;
  return typeof seq === "number" && typeof jobState === "string" && typeof ts === "string";
}

/** Waits; ends early if the signal is aborted. */
function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
