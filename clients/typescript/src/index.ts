// SPDX-License-Identifier: Apache-2.0

export { ServiceClient } from "./client.js";
export type { CallOptions, ClientOptions } from "./client.js";
export type { ProgressReport } from "./connection.js";
export { ServiceError } from "./errors.js";
export type { ErrorData } from "./errors.js";
export { hasEnded } from "./events.js";
export type { StatusMessage } from "./events.js";
export * from "./methods.js";
export { Watch } from "./watch.js";
export type { WatchOptions } from "./watch.js";
