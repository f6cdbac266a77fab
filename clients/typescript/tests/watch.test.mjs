// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";

import { Orchestrator, ServiceError } from "../dist/index.js";
import { check, time } from "./fake-service.mjs";

/** An orchestrator whose watch calls are answered in turn: each with a snapshot, followed by what `calls` does. */
function watching(...calls) {
  return ({ id, method, params }, connection) => {
    if (method !== "orchestrator.watch") return;
    const answer = calls.shift();
    if (!answer) return connection.fail(id, "internal", -32603);
    const { seq, state, updated = seq, then = () => {} } = answer;
    const jobs = params.job_id === undefined ? [] : [{ job_id: params.job_id, state, updated_at: time(updated) }];
    connection.reply(id, { seq, jobs });
    then(connection, params);
  };
}

/** The sequence numbers of all messages, and the error of the iteration. */
async function collect(watch, limit = Infinity) {
  const seqs = [];
  try {
    for await (const message of watch) {
      seqs.push(message.seq);
      if (seqs.length >= limit) break;
    }
  } catch (error) {
    return { seqs, error };
  }
  return { seqs };
}

const events = (...list) => (connection) => list.forEach(([seq, state]) => connection.event(seq, state));

check("a watch ends when the job has ended", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", watching({ seq: 4, state: "running", then: events([5], [7], [8, "finished"], [9]) }));
  const client = use(new Orchestrator({ runDir: folder }));
  const snapshots = [];
  const messages = [];
  const onSnapshot = (snapshot) => snapshots.push(snapshot);
  for await (const message of client.watch({ job_id: "job" }, { onSnapshot })) messages.push(message);
  assert.deepEqual(messages.map((message) => message.seq), [5, 7, 8]);
  assert.equal(messages[2].jobState, "finished");
  assert.equal(messages[2].message, "message 8");
  assert.deepEqual(snapshots, [{ seq: 4, jobs: [{ job_id: "job", state: "running", updated_at: time(4) }] }]);
  // The call ends with its connection; the client keeps another one for calls.
  await fake.connected(1);
});

check("a watch resumes after a lost connection without gaps or repeats", async ({ folder, serve, use }) => {
  const lose = (...list) => (connection) => {
    events(...list)(connection);
    connection.socket.end();
  };
  const fake = await serve("orchestrator", "one", watching(
    { seq: 4, state: "running", then: lose() },
    { seq: 4, state: "running", then: lose([5], [6]) },
    { seq: 6, state: "running", then: lose([6], [7]) },
    { seq: 9, state: "finished", then: events([8], [9, "finished"]) },
  ));
  const client = use(new Orchestrator({ runDir: folder }));
  const { seqs, error } = await collect(client.watch({ job_id: "job" }));
  assert.deepEqual([seqs, error], [[5, 6, 7, 8, 9], undefined]);
  assert.deepEqual(fake.requests.map(({ message }) => message.params.after_seq), [0, 0, 6, 7]);
});

check("a watch resumes with the process that replaces the orchestrator", async ({ folder, serve, use }) => {
  const first = await serve("orchestrator", "one", watching({ seq: 1, state: "running", then: events([2]) }));
  const client = use(new Orchestrator({ runDir: folder }));
  const iterator = client.watch({ job_id: "job" })[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value.seq, 2);
  const next = iterator.next();
  await first.close();
  const second = await serve("orchestrator", "one", watching({ seq: 2, state: "running", then: events([3, "cancelled"]) }));
  assert.equal((await next).value.seq, 3);
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  assert.equal(second.requests[0].message.params.after_seq, 2);
});

check("the stored messages of a job end with its last end", async ({ folder, serve, use }) => {
  const stored = events([1], [2, "error"], [3], [4, "finished"], [6]);
  await serve("orchestrator", "one", watching({ seq: 5, state: "finished", updated: 4, then: stored }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await collect(client.watch({ job_id: "job" })), { seqs: [1, 2, 3, 4] });
});

check("a job that runs again is followed to its new end", async ({ folder, serve, use }) => {
  const stored = events([1], [2, "error"], [3], [6], [7, "finished"], [8]);
  await serve("orchestrator", "one", watching({ seq: 5, state: "running", updated: 3, then: stored }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await collect(client.watch({ job_id: "job", after_seq: 0 })), { seqs: [1, 2, 3, 6, 7] });
});

check("a watch of an ended job after its last message ends", async ({ folder, serve, use }) => {
  await serve("orchestrator", "one", watching({ seq: 9, state: "finished", updated: 4 }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await collect(client.watch({ job_id: "job", after_seq: 4 }, { silenceTimeoutMs: 50 })), { seqs: [] });
});

check("a watch of all jobs resumes after its snapshot", async ({ folder, serve, use }) => {
  const lose = (connection) => connection.socket.end();
  const fake = await serve("orchestrator", "one", watching({ seq: 4, then: lose }, { seq: 6, then: events([5], [6]) }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await collect(client.watch(), 2), { seqs: [5, 6] });
  assert.deepEqual(fake.requests.map(({ message }) => message.params.after_seq), [undefined, 4]);
});

check("a watch of all jobs goes on until it is left", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", watching({ seq: 0, then: events([1], [2, "finished"], [3], [4, "error"]) }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await collect(client.watch(), 4), { seqs: [1, 2, 3, 4] });
  client.close();
  await fake.disconnected();
});

check("watches do not receive each other's messages", async ({ folder, serve, use }) => {
  const connections = {};
  const fake = await serve("orchestrator", "one", ({ id, params }, connection) => {
    connection.reply(id, { seq: 0, jobs: [] });
    connections[params.job_id] = connection;
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const first = collect(client.watch({ job_id: "a" }));
  const second = collect(client.watch({ job_id: "b" }));
  await fake.received("orchestrator.watch", 2);
  connections.a.event(1, "finished");
  connections.b.event(2, "cancelled");
  assert.deepEqual(await Promise.all([first, second]), [{ seqs: [1] }, { seqs: [2] }]);
});

check("the error of an unknown job ends the iteration", async ({ folder, serve, use }) => {
  await serve("orchestrator", "one", ({ id }, connection) => connection.fail(id, "not_found", -32015));
  const client = use(new Orchestrator({ runDir: folder }));
  const { error } = await collect(client.watch({ job_id: "nobody" }));
  assert.equal(error.kind, "not_found");
});

check("a message that is not a status message ends the iteration with an error", async ({ folder, serve, use }) => {
  const send = (connection) => connection.send({ jsonrpc: "2.0", method: "orchestrator.event", params: { seq: "one" } });
  await serve("orchestrator", "one", watching({ seq: 0, state: "running", then: send }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.equal((await collect(client.watch({ job_id: "job" }))).error.kind, "internal");
});

check("an aborted signal ends a watch", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", watching({ seq: 0, state: "running" }));
  const client = use(new Orchestrator({ runDir: folder }));
  const controller = new AbortController();
  const onSnapshot = () => setImmediate(() => controller.abort(new Error("enough")));
  const { error } = await collect(client.watch({ job_id: "job" }, { signal: controller.signal, onSnapshot }));
  assert.ok(error instanceof ServiceError);
  assert.equal(error.kind, "cancelled");
  assert.equal(error.cause.message, "enough");
  client.close();
  await fake.disconnected();
});

check("a watch fails if the orchestrator does not come back", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", watching({ seq: 0, state: "running", then: () => void fake.close() }));
  const client = use(new Orchestrator({ runDir: folder }));
  const { error } = await collect(client.watch({ job_id: "job" }, { reconnectTimeoutMs: 50 }));
  assert.equal(error.kind, "unavailable");
});

check("a watch that is lost again and again fails", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => {
    connection.reply(id, { seq: 0, jobs: [] });
    connection.socket.end();
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const { error } = await collect(client.watch({ job_id: "job" }));
  assert.equal(error.data.provider_code, "replica_lost");
  assert.equal(fake.requests.length, 6);
});

check("a slow reader receives all messages", async ({ folder, serve, use }) => {
  const count = 5000;
  await serve("orchestrator", "one", watching({ seq: 0, state: "running", then: (connection) => {
    for (let seq = 1; seq <= count; seq += 1) connection.event(seq, seq === count ? "finished" : "running");
  } }));
  const client = use(new Orchestrator({ runDir: folder }));
  const seqs = [];
  for await (const { seq } of client.watch({ job_id: "job" })) {
    seqs.push(seq);
    if (seq % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(seqs, Array.from({ length: count }, (_, index) => index + 1));
});
