// SPDX-License-Identifier: Apache-2.0

import { Connection } from "./connection.js";
import type { ProgressReport } from "./connection.js";
import { RunDirectory } from "./directory.js";
import { ConnectionLost, ServiceError } from "./errors.js";
import type { Methods } from "./methods.js";
import { ReplicaPool } from "./pool.js";
import type { Replica, Wait } from "./pool.js";

/** How long a call that was lost with its replica waits for another one: a service may take some seconds to restart. */
const restartTimeoutMs = 30_000;
/** How often a call is sent, at most, if its replicas are lost: it may be what crashes them. */
const maximumLosses = 3;
const mebibyte = 1024 * 1024;
/** The services whose requests may contain a whole storyboard. */
const servicesWithLongLines: ReadonlySet<string> = new Set(["agent5", "clipper", "stitcher"]);

/** Settings of a client. */
export interface ClientOptions {
  /** The directory of the sockets: `UNDERSTUDY_RUN_DIR` if absent, else `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`. */
  runDir?: string | undefined;
  /** How long a call waits while no replica is available. Unit: ms. Default: 10000. */
  replicaTimeoutMs?: number | undefined;
  /** How long a call whose signal was aborted waits for its reply, which states its costs. Unit: ms. Default: 5000. */
  settlementTimeoutMs?: number | undefined;
  /** How long a replica with calls in flight may leave `rpc.health` unanswered. Unit: ms. Default: 15000. */
  stallTimeoutMs?: number | undefined;
}

/** Settings of a call. */
export interface CallOptions {
  /** Cancels the call on the service. It then throws `cancelled` with the signal's reason as its `cause`. */
  signal?: AbortSignal | undefined;
  /** The time for the call and for all calls that are made for it. Unlimited if absent. Unit: ms. */
  timeoutMs?: number | undefined;
  /** Called with each progress report, at most ten times a second, before the call ends. */
  onProgress?: ((report: ProgressReport) => void) | undefined;
  /** A W3C trace context, passed on to all calls that are made for this one. */
  traceparent?: string | undefined;
  /** Whether the call may be repeated if the connection is lost: as the method declares if absent. */
  idempotent?: boolean | undefined;
}

/**
 * A client of one service. It connects on first use, and does not keep the process running while no call is in progress.
 *
 * The classes of the services, such as `Orchestrator`, extend it.
 */
export class ServiceClient<M extends keyof Methods = keyof Methods> {
  private readonly directory: RunDirectory;
  private readonly pool: ReplicaPool;
  private readonly limit: number;

  constructor(
    /** The service's name. */
    readonly service: string,
    private readonly options: ClientOptions = {},
    private readonly idempotentMethods: ReadonlySet<string> = new Set(),
  ) {
    this.directory = new RunDirectory(options.runDir);
    this.pool = new ReplicaPool(service, this.directory, options.stallTimeoutMs ?? 15_000);
    const limit = Number(process.env["UNDERSTUDY_MAX_LINE_BYTES"] || 4 * mebibyte);
    this.limit = servicesWithLongLines.has(service) ? Math.max(limit, 16 * mebibyte) : limit;
  }

  /**
   * Calls a method of the service.
   *
   * Throws `ServiceError`.
   */
  call<Name extends M>(method: Name, params: Methods[Name]["params"], options?: CallOptions): Promise<Methods[Name]["result"]> {
    return this.request(method, params, options) as Promise<Methods[Name]["result"]>;
  }

  /**
   * Calls a method by its name, with any parameters, and returns its result as it is.
   *
   * A call that is lost with its replica is repeated on another one if its method is idempotent, and fails with `unavailable` otherwise.
   * Throws `ServiceError`.
   */
  async request(method: string, params: object = {}, options: CallOptions = {}): Promise<unknown> {
    const { onProgress, signal, timeoutMs, traceparent } = options;
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const isIdempotent = options.idempotent ?? this.idempotentMethods.has(method);
    const settlementTimeoutMs = this.options.settlementTimeoutMs ?? 5000;
    let lost: ConnectionLost | undefined;
    for (let losses = 0; ; ) {
      const { connection, replica } = await this.acquire({ method, deadline, signal, ...this.replicaTimeout(lost) }, lost);
      try {
        return await connection.call({
          method, params, deadline, signal, onProgress, traceparent, isIdempotent, settlementTimeoutMs, limit: this.limit,
        });
      } catch (error) {
        if (error instanceof ConnectionLost) {
          losses += 1;
          lost = error;
          if (!isIdempotent || signal?.aborted) throw replicaLost(error);
          if (losses === maximumLosses) throw replicaBroken(method, error);
        } else if (error instanceof ServiceError && error.kind === "busy") {
          this.pool.recordBusy(replica);
        } else {
          throw error;
        }
      } finally {
        this.pool.release(replica);
      }
    }
  }

  /** The OpenRPC document of the service's methods. */
  discover(options?: CallOptions): Promise<unknown> {
    return this.request("rpc.discover", {}, { idempotent: true, ...options });
  }

  /** Closes all connections. Calls in progress throw, and are cancelled by the service. */
  close(): void {
    this.pool.close();
  }

  /**
   * Opens a connection of its own to a replica.
   *
   * @internal
   */
  async connect(wait: Partial<Wait> & { method: string }): Promise<Connection> {
    const { replica } = await this.acquire({ ...this.replicaTimeout(), ...wait });
    try {
      return await Connection.open(replica.path);
    } finally {
      this.pool.release(replica);
    }
  }

  /** @internal */
  get lineLimit(): number {
    return this.limit;
  }

  private replicaTimeout(lost?: ConnectionLost): { replicaTimeoutMs: number } {
    const replicaTimeoutMs = this.options.replicaTimeoutMs ?? 10_000;
    return { replicaTimeoutMs: lost ? Math.max(replicaTimeoutMs, restartTimeoutMs) : replicaTimeoutMs };
  }

  private async acquire(wait: Wait, lost?: ConnectionLost): Promise<{ connection: Connection; replica: Replica }> {
    try {
      for (;;) {
        const replica = await this.pool.acquire(wait);
        if (replica.connection) return { connection: replica.connection, replica };
        this.pool.release(replica);
      }
    } catch (error) {
      // Whatever is wrong with the other replicas: this call was lost.
      if (lost && error instanceof ServiceError && error.kind === "unavailable") throw replicaLost(lost);
      throw error;
    }
  }
}

/** The error of a call whose reply was lost with its replica. */
export function replicaLost(error: ConnectionLost): ServiceError {
  return new ServiceError("unavailable", error.message, { provider_code: "replica_lost" }, { cause: error });
}

function replicaBroken(method: string, error: ConnectionLost): ServiceError {
  const message = `${method} was lost with ${maximumLosses} replicas and is not repeated: ${error.message}`;
  return new ServiceError("internal", message, { provider_code: "replica_broken" }, { cause: error });
}
