// SPDX-License-Identifier: Apache-2.0

import { createConnection } from "node:net";
import type { Socket } from "node:net";

import { cancelled, ConnectionLost, record, ServiceError } from "./errors.js";
import { LineDecoder } from "./lines.js";

/** The maximum bytes of a line from a service: a reply of 64 MiB and what surrounds it. */
const replyLimit = 65 * 1024 * 1024;
/** The time after the deadline during which the service's own `timeout` reply is still awaited. */
const graceMs = 500;
/** The longest delay of a timer of Node.js. */
const longestDelay = 2 ** 31 - 1;

/** How far a call is. */
export interface ProgressReport {
  /** The completed fraction, 0 to 1. */
  fraction: number;
  /** One line for a person. */
  message: string;
  /** Additional members, documented by the method. */
  [name: string]: unknown;
}

/** A request as a connection sends it. */
export interface Request {
  method: string;
  params: object;
  /** When the call must have ended, as `performance.now()`. */
  deadline?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((report: ProgressReport) => void) | undefined;
  /** A W3C trace context. */
  traceparent?: string | undefined;
  /** Whether the call may be repeated on another replica. */
  isIdempotent: boolean;
  /** How long to wait for the reply after the signal was aborted. */
  settlementTimeoutMs: number;
  /** The maximum bytes of the line. */
  limit: number;
}

interface PendingCall {
  request: Request;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  timer: NodeJS.Timeout | undefined;
  stopListening(): void;
}

/** A connection to one socket, for any number of concurrent calls. */
export class Connection {
  /** Called with each notification other than `rpc.progress`. */
  onNotification: (method: string, params: unknown) => void = () => {};
  /** Called once when the connection is closed, with the reason. */
  onClose: (reason: string) => void = () => {};

  private readonly decoder = new LineDecoder(replyLimit);
  private readonly encoder = new TextEncoder();
  private readonly pending = new Map<number, PendingCall>();
  private nextID = 1;
  private users = 0;
  private closesWhenIdle = false;
  private closeReason: string | undefined;

  private constructor(
    private readonly path: string,
    private readonly socket: Socket,
  ) {
    socket.on("data", (bytes) => this.read(() => this.decoder.push(bytes)));
    socket.on("end", () => this.read(() => this.decoder.end()));
    socket.on("error", (error) => this.close(error.message));
    socket.on("close", () => this.close("the service closed the connection"));
    socket.unref();
  }

  /** Connects to a socket. Throws `ConnectionLost`. */
  static open(path: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path });
      const fail = (error: Error): void => reject(new ConnectionLost(`${path}: cannot connect: ${error.message}`));
      let isConnected = false;
      socket.on("connect", () => {
        isConnected = true;
        resolve(new Connection(path, socket));
      });
      socket.on("error", (error) => {
        if (!isConnected) fail(error);
      });
    });
  }

  /** Whether the connection is open. */
  get isOpen(): boolean {
    return this.closeReason === undefined;
  }

  /**
   * Calls a method.
   *
   * Throws the service's `ServiceError`, or `ConnectionLost`. If the signal is aborted, `rpc.cancel` is sent, and the call ends with its
   * reply: the error `cancelled`, or the result if it was faster.
   */
  call(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted) throw cancelled(request.method, request.signal);
      if (this.closeReason !== undefined) throw new ConnectionLost(`${this.path}: ${this.closeReason}`);
      const id = this.nextID++;
      const line = this.line(id, request);
      const onAbort = (): void => this.cancel(id);
      request.signal?.addEventListener("abort", onAbort);
      const call: PendingCall = {
        request,
        resolve,
        reject,
        timer: undefined,
        stopListening: () => request.signal?.removeEventListener("abort", onAbort),
      };
      if (request.deadline !== undefined) {
        call.timer = timer(request.deadline - performance.now() + graceMs, () => this.expire(id));
      }
      this.pending.set(id, call);
      this.retain();
      this.socket.write(line);
    });
  }

  /** Keeps the process running until `release` is called. Calls do so while they wait for their replies. */
  retain(): void {
    this.users += 1;
    if (this.users === 1) this.socket.ref();
  }

  /** Ends what `retain` began. */
  release(): void {
    this.users -= 1;
    if (this.users > 0) return;
    if (this.closesWhenIdle) this.close("the client closed the connection");
    else this.socket.unref();
  }

  /** Stops reading until `resume` is called. */
  pause(): void {
    this.socket.pause();
  }

  /** Reads again after `pause`. */
  resume(): void {
    this.socket.resume();
  }

  /** Ends the wait for the replies of calls that may be repeated; they throw `ConnectionLost`. */
  abandon(reason: string): void {
    for (const [id, call] of [...this.pending]) {
      if (call.request.isIdempotent) this.end(id)?.reject(new ConnectionLost(`${this.path}: ${reason}`));
    }
  }

  /** Closes the connection when no call is pending. */
  closeWhenIdle(): void {
    this.closesWhenIdle = true;
    if (this.users === 0) this.close("the client closed the connection");
  }

  /** Closes the connection. Pending calls throw `ConnectionLost`. */
  close(reason = "the client closed the connection"): void {
    if (this.closeReason !== undefined) return;
    this.closeReason = reason;
    this.socket.destroy();
    for (const id of [...this.pending.keys()]) {
      this.end(id)?.reject(new ConnectionLost(`${this.path}: ${reason}`));
    }
    this.onClose(reason);
  }

  private line(id: number, request: Request): Uint8Array {
    const { deadline, method, onProgress, traceparent } = request;
    const params: Record<string, unknown> = { ...request.params };
    if (deadline !== undefined) params["deadline_ms"] = Math.max(1, Math.round(deadline - performance.now()));
    if (!onProgress) params["progress"] = false;
    if (traceparent !== undefined) params["_meta"] = { ...record(params["_meta"]), traceparent };
    const line = this.encoder.encode(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    if (line.length > request.limit + 1) {
      const message = `${method}: the request has ${line.length} bytes, a line has at most ${request.limit}: pass large data by URI`;
      throw new ServiceError("too_large", message);
    }
    return line;
  }

  /** Ends the wait for a reply. */
  private end(id: number): PendingCall | undefined {
    const call = this.pending.get(id);
    if (!call) return undefined;
    this.pending.delete(id);
    clearTimeout(call.timer);
    call.stopListening();
    this.release();
    return call;
  }

  private sendCancel(id: number): void {
    if (!this.isOpen) return;
    this.socket.write(this.encoder.encode(`${JSON.stringify({ jsonrpc: "2.0", method: "rpc.cancel", params: { id } })}\n`));
  }

  private expire(id: number): void {
    this.sendCancel(id);
    const call = this.end(id);
    call?.reject(new ServiceError("timeout", `${call.request.method}: the deadline passed and the service did not reply`));
  }

  private cancel(id: number): void {
    const call = this.pending.get(id);
    const signal = call?.request.signal;
    if (!call || !signal) return;
    this.sendCancel(id);
    clearTimeout(call.timer);
    call.timer = timer(call.request.settlementTimeoutMs, () => {
      this.end(id)?.reject(cancelled(call.request.method, signal, { provider_code: "not_settled" }));
    });
  }

  private read(lines: () => string[]): void {
    try {
      for (const line of lines()) {
        const message: unknown = JSON.parse(line);
        for (const each of Array.isArray(message) ? message : [message]) this.receive(record(each));
      }
    } catch (error) {
      this.close(`the service sent an unreadable line: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private receive(message: Record<string, unknown>): void {
    if (message["method"] === "rpc.progress") {
      this.receiveProgress(record(message["params"]));
    } else if (typeof message["method"] === "string") {
      this.onNotification(message["method"], message["params"]);
    } else if (typeof message["id"] === "number") {
      this.receiveReply(message["id"], message);
    } else if (message["error"] !== undefined) {
      // Without an id it is unknown which call the error belongs to.
      this.close(`the service rejected a request: ${ServiceError.fromReply(message["error"]).message}`);
    }
  }

  private receiveReply(id: number, message: Record<string, unknown>): void {
    const call = this.end(id);
    if (!call) return;
    if (message["error"] === undefined) return call.resolve(message["result"]);
    const error = ServiceError.fromReply(message["error"]);
    const { signal } = call.request;
    if (error.kind !== "cancelled" || !signal?.aborted) return call.reject(error);
    call.reject(new ServiceError(error.kind, error.message, error.data, { cause: signal.reason, code: error.code }));
  }

  private receiveProgress({ id, ...report }: Record<string, unknown>): void {
    const call = typeof id === "number" ? this.pending.get(id) : undefined;
    if (!call?.request.onProgress || typeof id !== "number") return;
    const { fraction, message } = report;
    try {
      call.request.onProgress({
        ...report,
        fraction: typeof fraction === "number" ? fraction : 0,
        message: typeof message === "string" ? message : "",
      });
    } catch (error) {
      this.sendCancel(id);
      this.end(id)?.reject(error);
    }
  }
}

function timer(delay: number, callback: () => void): NodeJS.Timeout | undefined {
  // Node.js would fire a longer timer at once.
  return delay > longestDelay ? undefined : setTimeout(callback, Math.max(0, delay));
}
