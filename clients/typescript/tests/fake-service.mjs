// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/** Runs a test with a run directory and a time limit. Clients and services that are passed to `use` are closed at its end. */
export function check(name, body) {
  test(name, { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "us-ts-"));
    const used = [];
    const use = (closeable) => {
      used.push(closeable);
      return closeable;
    };
    try {
      await body({ folder, use, serve: async (...args) => use(await FakeService.start(folder, ...args)) });
    } finally {
      for (const each of used.reverse()) await each.close();
      rmSync(folder, { recursive: true });
    }
  });
}

/** A replica whose answers a test decides. It answers `rpc.health` itself. */
export class FakeService {
  /** All requests and notifications but `rpc.health`. */
  requests = [];
  connections = new Set();
  health = { status: "serving", capacity: 8 };
  #waiters = [];

  /** @param handle is called with each request or notification, and its connection. */
  static async start(folder, service, instance, handle = () => {}) {
    const fake = new FakeService();
    fake.handle = handle;
    fake.path = join(folder, service, `${instance}.sock`);
    mkdirSync(join(folder, service), { recursive: true, mode: 0o770 });
    fake.server = createServer({ allowHalfOpen: true }, (socket) => new FakeConnection(fake, socket));
    const hidden = join(folder, service, `.${instance}.sock.tmp`);
    await new Promise((resolve) => fake.server.listen(hidden, resolve));
    renameSync(hidden, fake.path);
    return fake;
  }

  /** Waits until `count` requests of a method have arrived. Returns the last one, as `{ message, connection }`. */
  async received(method, count = 1) {
    for (;;) {
      const found = this.requests.filter((each) => each.message.method === method);
      if (found.length >= count) return found[count - 1];
      await new Promise((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Waits until at most `count` connections are open. */
  async connected(count) {
    while (this.connections.size > count) await new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Waits until no connection is open. */
  disconnected() {
    return this.connected(0);
  }

  /** Removes the socket and closes all connections, as a process that is killed. */
  async close() {
    rmSync(this.path, { force: true });
    for (const connection of this.connections) connection.socket.destroy();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  changed() {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resume of waiters) resume();
  }
}

class FakeConnection {
  constructor(fake, socket) {
    this.socket = socket;
    fake.connections.add(this);
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      fake.connections.delete(this);
      fake.changed();
    });
    socket.on("data", (part) => {
      const lines = (text + part).split("\n");
      text = lines.pop();
      for (const message of lines.map((line) => JSON.parse(line))) {
        if (message.method === "rpc.health") {
          if (fake.health) this.reply(message.id, fake.health);
          continue;
        }
        fake.requests.push({ message, connection: this });
        fake.handle(message, this);
        fake.changed();
      }
    });
  }

  /** Sends messages in one write. */
  send(...messages) {
    this.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
  }

  /** Returns a promise of the bytes having been written. */
  write(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  reply(id, result) {
    this.send({ jsonrpc: "2.0", id, result });
  }

  fail(id, kind, code, data = {}) {
    this.send({ jsonrpc: "2.0", id, error: { code, message: `it is ${kind}`, data: { kind, retryable: false, ...data } } });
  }

  progress(id, fraction, message, extra = {}) {
    this.send({ jsonrpc: "2.0", method: "rpc.progress", params: { id, fraction, message, ...extra } });
  }

  /** Sends a status message of a job. */
  event(seq, jobState = "running", members = {}) {
    const message = { agentNumber: "Agent6", status: "processing", message: `message ${seq}`, ...members };
    const params = { v: 1, seq, ts: time(seq), jobId: "job", jobState, ...message };
    this.send({ jsonrpc: "2.0", method: "orchestrator.event", params });
  }
}

/** The time of the message with a `seq`. */
export function time(seq) {
  return new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString();
}
