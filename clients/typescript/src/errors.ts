// SPDX-License-Identifier: Apache-2.0

import type { ErrorKind } from "./methods.js";

const codes: Readonly<Record<ErrorKind, number>> = {
  parse: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  invalid_params: -32602,
  internal: -32603,
  cancelled: -32800,
  busy: -32009,
  timeout: -32010,
  unavailable: -32011,
  rate_limited: -32012,
  quota_exhausted: -32013,
  content_rejected: -32014,
  not_found: -32015,
  corrupt_media: -32016,
  unauthorized: -32017,
  too_large: -32018,
  conflict: -32019,
};

const retryableKinds: ReadonlySet<string> = new Set(["busy", "timeout", "unavailable", "rate_limited"]);

/** The `data` of an error. */
export interface ErrorData {
  /** The class of the failure. */
  kind: ErrorKind;
  /** Whether the same call may succeed if it is retried. */
  retryable: boolean;
  /** Seconds to wait before a retry, if the provider stated them. */
  retry_after_s?: number;
  /** The provider's original message, or the violations of an input. */
  detail?: string;
  /** The provider that failed. */
  provider?: string;
  /** The provider's code for the failure, or one of this system's: `replica_lost`, `no_replica`, `not_settled`, ... */
  provider_code?: string;
  /** The provider's request id. */
  request_id?: string;
  /** The cost of the failed call without a usable result. Unit: USD. */
  wasted_usd?: number;
  /** The price of orders that may have been charged. Unit: USD. */
  unknown_usd?: number;
  [name: string]: unknown;
}

/** An error that a service returned, or that the client reports in the same form. */
export class ServiceError extends Error {
  override readonly name: string = "ServiceError";
  /** The JSON-RPC code. */
  readonly code: number;
  /** What the error states for programs. */
  readonly data: ErrorData;

  constructor(kind: ErrorKind, message: string, data: Partial<ErrorData> = {}, options?: { cause?: unknown; code?: number }) {
    super(message, options && "cause" in options ? { cause: options.cause } : undefined);
    this.code = options?.code ?? codes[kind];
    this.data = { retryable: retryableKinds.has(kind), ...data, kind };
  }

  /** The class of the failure. */
  get kind(): ErrorKind {
    return this.data.kind;
  }

  /** Whether the same call may succeed if it is retried. */
  get retryable(): boolean {
    return this.data.retryable;
  }

  /** Reads the `error` of a reply. Members that are missing or have another type are replaced by defaults. */
  static fromReply(error: unknown): ServiceError {
    const { code, message, data } = record(error);
    const members = record(data);
    const number = typeof code === "number" ? code : codes.internal;
    const kind = isKind(members["kind"]) ? members["kind"] : kindOf(number);
    if (typeof members["retryable"] !== "boolean") delete members["retryable"];
    return new ServiceError(kind, typeof message === "string" ? message : "the error has no message", members, { code: number });
  }
}

/** The connection could not be made, or was lost before the reply arrived: it is unknown whether the work was done. */
export class ConnectionLost extends Error {
  override readonly name: string = "ConnectionLost";
}

/** The error of a call whose signal was aborted. */
export function cancelled(method: string, signal: AbortSignal, data: Partial<ErrorData> = {}): ServiceError {
  return new ServiceError("cancelled", `${method} was cancelled`, data, { cause: signal.reason });
}

function isKind(value: unknown): value is ErrorKind {
  return typeof value === "string" && Object.hasOwn(codes, value);
}

function kindOf(code: number): ErrorKind {
  for (const kind of Object.keys(codes)) {
    if (isKind(kind) && codes[kind] === code) return kind;
  }
  return "internal";
}

/** A copy of the members of an object; none if the value is not an object. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
