// SPDX-License-Identifier: Apache-2.0

// The parts of Node.js 18 that this package uses. They replace @types/node, so that the compiler alone builds the package.

declare module "node:fs" {
  interface Stats {
    readonly ctimeMs: number;
    readonly dev: number;
    readonly gid: number;
    readonly ino: number;
    readonly mode: number;
    readonly uid: number;
    isDirectory(): boolean;
    isSocket(): boolean;
  }
  function lstatSync(path: string): Stats;
  function readdirSync(path: string): string[];
}

declare module "node:net" {
  interface Socket {
    destroy(): this;
    on(event: "connect" | "end" | "close", listener: () => void): this;
    on(event: "data", listener: (bytes: Uint8Array) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    pause(): this;
    ref(): this;
    resume(): this;
    unref(): this;
    write(bytes: Uint8Array): boolean;
  }
  function createConnection(options: { path: string }): Socket;
}

declare namespace NodeJS {
  interface Timeout {
    unref(): this;
  }
}

declare const process: {
  readonly env: { readonly [name: string]: string | undefined };
  getuid?(): number;
};

declare const performance: { now(): number };

declare function setTimeout(callback: () => void, milliseconds: number): NodeJS.Timeout;
declare function clearTimeout(timer: NodeJS.Timeout | undefined): void;

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: any;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean });
  decode(bytes: Uint8Array): string;
}

declare class TextEncoder {
  encode(text: string): Uint8Array;
}
