// SPDX-License-Identifier: Apache-2.0

import { Connection } from "./connection.js";
import type { RunDirectory } from "./directory.js";
import { cancelled, record, ServiceError } from "./errors.js";

/** How often the folder of a service is read while no replica is available. */
const pollMs = 50;
const healthTimeoutMs = 5000;
/** How long a replica that replied `busy` is not used. */
const busyPauseMs = 50;
const firstBackoffMs = 100;
const longestBackoffMs = 10_000;

/** What ends the wait for a replica. */
export interface Wait {
  /** For the messages of errors. */
  method: string;
  /** How long to wait while no replica is available. */
  replicaTimeoutMs: number;
  /** When the call must have ended, as `performance.now()`. */
  deadline?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One process of a service. */
export class Replica {
  /** Set while the replica is healthy. */
  connection: Connection | undefined;
  /** The maximum number of concurrent calls. */
  capacity = 1;
  inFlight = 0;
  isProbing = false;
  isMonitored = false;
  failures = 0;
  /** Not used, or not probed again, until this time. */
  avoidUntil = 0;
  /** Why it is not available. */
  problem = "";

  constructor(
    readonly name: string,
    readonly path: string,
    /** Identifies the process. */
    readonly identity: string,
  ) {}
}

/** Selects the replica of a service for each call: the one with the fewest calls in flight. */
export class ReplicaPool {
  private readonly replicas = new Map<string, Replica>();
  private readonly waiters = new Set<() => void>();
  private cursor = 0;
  private isClosed = false;

  constructor(
    private readonly service: string,
    private readonly directory: RunDirectory,
    /** How long a replica with calls in flight may leave `rpc.health` unanswered. */
    private readonly stallTimeoutMs: number,
  ) {}

  /**
   * Waits for a replica with free capacity and counts the call.
   *
   * Throws `unavailable` if none is available, `timeout` after the deadline, `cancelled` if the signal is aborted.
   */
  async acquire(wait: Wait): Promise<Replica> {
    const end = performance.now() + wait.replicaTimeoutMs;
    for (;;) {
      if (wait.signal?.aborted) throw cancelled(wait.method, wait.signal);
      if (this.isClosed) throw new ServiceError("cancelled", `${wait.method}: the client is closed`);
      const now = performance.now();
      if (wait.deadline !== undefined && now >= wait.deadline) {
        throw new ServiceError("timeout", `${wait.method}: the deadline passed while waiting for a replica of ${this.service}`);
      }
      this.scan();
      const replica = this.select(now);
      if (replica) {
        replica.inFlight += 1;
        this.monitor(replica);
        return replica;
      }
      // While replicas are healthy but at capacity, the call is queued until its deadline.
      const isFull = [...this.replicas.values()].some((each) => each.connection);
      if (!isFull && now >= end) throw this.noReplica();
      await this.change(wait.signal);
    }
  }

  /** Records the end of a call. */
  release(replica: Replica): void {
    replica.inFlight -= 1;
    this.wake();
  }

  /** Records that the replica rejected a call as `busy`. */
  recordBusy(replica: Replica): void {
    replica.avoidUntil = performance.now() + busyPauseMs;
  }

  /** Closes all connections. Calls throw. */
  close(): void {
    this.isClosed = true;
    for (const replica of this.replicas.values()) replica.connection?.close();
    this.wake();
  }

  private select(now: number): Replica | undefined {
    const free = [...this.replicas.values()].filter((each) => each.connection && each.inFlight < each.capacity && each.avoidUntil <= now);
    const least = Math.min(...free.map((each) => each.inFlight));
    const best = free.filter((each) => each.inFlight === least);
    // Round robin among equals.
    this.cursor += 1;
    return best[this.cursor % best.length];
  }

  /** Reads the folder: connects to new replicas, and lets calls end on those that are gone. */
  private scan(): void {
    const found = this.directory.instances(this.service);
    for (const [name, replica] of this.replicas) {
      if (found.get(name) === replica.identity) continue;
      this.replicas.delete(name);
      replica.connection?.closeWhenIdle();
    }
    for (const [name, identity] of found) {
      if (!this.replicas.has(name)) {
        this.replicas.set(name, new Replica(name, this.directory.socket(this.service, name), identity));
      }
    }
    for (const replica of this.replicas.values()) {
      if (!replica.connection && !replica.isProbing && replica.avoidUntil <= performance.now()) void this.probe(replica);
    }
  }

  private async probe(replica: Replica): Promise<void> {
    replica.isProbing = true;
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(replica.path);
      const { capacity, status } = record(await this.health(connection, healthTimeoutMs));
      if (status === "draining") throw new Error("it is draining");
      if (this.replicas.get(replica.name) !== replica || this.isClosed) return connection.close();
      replica.capacity = typeof capacity === "number" && capacity >= 1 ? capacity : 1;
      replica.failures = 0;
      replica.connection = connection;
      connection.onClose = (reason) => this.eject(replica, reason);
    } catch (error) {
      connection?.close();
      this.eject(replica, error instanceof Error ? error.message : String(error));
    } finally {
      replica.isProbing = false;
      this.wake();
    }
  }

  private health(connection: Connection, timeoutMs: number): Promise<unknown> {
    const deadline = performance.now() + timeoutMs;
    return connection.call({ method: "rpc.health", params: {}, deadline, isIdempotent: true, settlementTimeoutMs: 0, limit: 4096 });
  }

  private eject(replica: Replica, reason: string): void {
    replica.connection = undefined;
    replica.problem = reason;
    replica.avoidUntil = performance.now() + Math.min(firstBackoffMs * 2 ** replica.failures, longestBackoffMs);
    replica.failures += 1;
    this.wake();
  }

  /** Polls the health of a replica while it has calls in flight: a stopped process keeps its connections open. */
  private monitor(replica: Replica): void {
    if (replica.isMonitored) return;
    replica.isMonitored = true;
    const periodMs = this.stallTimeoutMs / 3;
    let misses = 0;
    const check = async (): Promise<void> => {
      const { connection } = replica;
      if (!connection || replica.inFlight === 0 || this.isClosed) {
        replica.isMonitored = false;
        return;
      }
      misses = (await this.responds(replica, periodMs)) ? 0 : misses + 1;
      if (misses === 3 && replica.connection === connection) {
        const reason = "the process does not answer";
        this.eject(replica, reason);
        connection.abandon(reason);
        connection.closeWhenIdle();
      }
      schedule(misses === 0 ? periodMs : 0);
    };
    const schedule = (delay: number): void => {
      setTimeout(() => void check(), delay).unref();
    };
    schedule(periodMs);
  }

  /** Asks for the health on a connection of its own, so that the request is not queued behind calls. */
  private async responds(replica: Replica, timeoutMs: number): Promise<boolean> {
    const start = performance.now();
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(replica.path);
      await this.health(connection, timeoutMs);
      return true;
    } catch {
      // A replica without free descriptors may recover: wait for the whole period.
      const rest = timeoutMs - (performance.now() - start);
      await new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, rest)).unref());
      return false;
    } finally {
      connection?.close();
    }
  }

  private noReplica(): ServiceError {
    const folder = this.directory.folder(this.service);
    if (this.replicas.size === 0) {
      const remedy = `start ${this.service} with UNDERSTUDY_RUN_DIR=${this.directory.path}`;
      return new ServiceError("unavailable", `no replica of ${this.service} in ${folder}: ${remedy}`, { provider_code: "no_replica" });
    }
    const problems = [...this.replicas.values()].map((each) => `${each.name}: ${each.problem || "it does not answer"}`).join(", ");
    const message = `no replica of ${this.service} in ${folder} answers (${problems})`;
    return new ServiceError("unavailable", message, { provider_code: "replica_unreachable" });
  }

  private wake(): void {
    for (const resume of [...this.waiters]) resume();
  }

  /** Waits until the pool may have changed, or the signal is aborted. */
  private change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        this.waiters.delete(resume);
        clearTimeout(poll);
        signal?.removeEventListener("abort", resume);
        resolve();
      };
      const poll = setTimeout(resume, pollMs);
      signal?.addEventListener("abort", resume);
      this.waiters.add(resume);
    });
  }
}
