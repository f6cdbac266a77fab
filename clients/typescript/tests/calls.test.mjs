// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { Clipper, Imagegen, Orchestrator, ServiceClient, ServiceError } from "../dist/index.js";
import { check } from "./fake-service.mjs";

const request = { prompt: "A harbour", width: 64, height: 64, output: "file:///tmp/x.png" };

/** The error of a call; a call that does not fail is an assertion. */
async function failure(promise) {
  const error = await promise.then(() => assert.fail("the call did not fail"), (reason) => reason);
  assert.ok(error instanceof ServiceError, String(error));
  return error;
}

/** The first of some replicas that receives a method. */
function firstToReceive(method, fakes) {
  return Promise.race(fakes.map((fake) => fake.received(method).then(() => fake)));
}

check("a call sends a request and returns the result", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => connection.reply(id, { state: "cancelled" }));
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await client.cancel({ job_id: "job" }), { state: "cancelled" });
  assert.deepEqual(fake.requests[0].message, {
    jsonrpc: "2.0", id: fake.requests[0].message.id, method: "orchestrator.cancel", params: { job_id: "job", progress: false },
  });
});

check("a reply may arrive byte by byte", async ({ folder, serve, use }) => {
  await serve("orchestrator", "one", async ({ id }, connection) => {
    for (const byte of Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"text":"é 日本 😀"}}\r\n`)) {
      await connection.write(Buffer.from([byte]));
    }
  });
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await client.metrics(), { text: "é 日本 😀" });
});

check("replies may arrive together and in any order", async ({ folder, serve, use }) => {
  const waiting = [];
  await serve("orchestrator", "one", (message, connection) => {
    waiting.push({ jsonrpc: "2.0", id: message.id, result: { job_id: message.params.job_id } });
    if (waiting.length === 3) connection.send(...waiting.reverse());
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const jobs = await Promise.all(["a", "b", "c"].map((job_id) => client.status({ job_id })));
  assert.deepEqual(jobs.map((job) => job.job_id), ["a", "b", "c"]);
});

check("a batch of replies, replies to nothing, and unknown notifications are tolerated", async ({ folder, serve, use }) => {
  await serve("orchestrator", "one", ({ id }, connection) => {
    connection.send({ jsonrpc: "2.0", id: 999, result: 1 }, { jsonrpc: "2.0", method: "other", params: {} }, 17, null);
    connection.send([{ jsonrpc: "2.0", id: "text", result: 1 }, { jsonrpc: "2.0", id, result: { text: "" } }]);
  });
  const client = use(new Orchestrator({ runDir: folder }));
  assert.deepEqual(await client.metrics(), { text: "" });
});

check("progress reports arrive in order and before the result", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => {
    connection.progress(id, 0.25, "drawing", { seq: 1 });
    connection.progress(id + 1, 0.5, "another call");
    connection.progress(id, 1, "done");
    connection.reply(id, { video_url: "file:///film.mp4" });
    connection.progress(id, 1, "too late");
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const reports = [];
  const onProgress = (report) => reports.push(report);
  const result = await client.agent6Process({ user_id: "u", session_id: "s" }, { onProgress });
  assert.equal(result.video_url, "file:///film.mp4");
  assert.deepEqual(reports, [{ fraction: 0.25, message: "drawing", seq: 1 }, { fraction: 1, message: "done" }]);
  assert.equal(fake.requests[0].message.params.progress, undefined);
});

check("a progress callback that throws cancels the call", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id, method }, connection) => {
    if (method === "agent6.process") connection.progress(id, 0.5, "half");
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const onProgress = () => {
    throw new RangeError("no");
  };
  await assert.rejects(client.agent6Process({ user_id: "u", session_id: "s" }, { onProgress }), RangeError);
  const { message } = await fake.received("rpc.cancel");
  assert.equal(message.params.id, fake.requests[0].message.id);
});

check("an error has its kind, message, code and data", async ({ folder, serve, use }) => {
  const errors = [
    { code: -32013, message: "no credit", data: { kind: "quota_exhausted", retryable: false, provider: "acme", wasted_usd: 0.02 } },
    { code: -32012, message: "slow down" },
    { code: -32010, message: "late", data: { kind: "of a later version", retryable: "yes" } },
    { code: 7, message: 8, data: 9 },
    "nonsense",
  ];
  await serve("orchestrator", "one", ({ id }, connection) => connection.send({ jsonrpc: "2.0", id, error: errors.shift() }));
  const client = use(new Orchestrator({ runDir: folder }));
  const fail = () => failure(client.status({ job_id: "job" }));
  const first = await fail();
  assert.equal(first.kind, "quota_exhausted");
  assert.equal(first.message, "no credit");
  assert.equal(first.code, -32013);
  assert.deepEqual(first.data, { kind: "quota_exhausted", retryable: false, provider: "acme", wasted_usd: 0.02 });
  const seen = [first, await fail(), await fail(), await fail(), await fail()];
  assert.deepEqual(seen.map((error) => error.kind), ["quota_exhausted", "rate_limited", "timeout", "internal", "internal"]);
  assert.deepEqual(seen.map((error) => error.retryable), [false, true, true, false, false]);
});

check("an idempotent call that is lost is repeated on another replica", async ({ folder, serve, use }) => {
  const lose = (_, connection) => connection.socket.destroy();
  const first = await serve("clipper", "one", lose);
  const second = await serve("clipper", "two", lose);
  const client = use(new Clipper({ runDir: folder }));
  const call = client.probe({ media: "file:///tmp/x.mp4" });
  const lost = await firstToReceive("clipper.probe", [first, second]);
  const other = lost === first ? second : first;
  other.handle = ({ id }, connection) => connection.reply(id, { container: "mp4" });
  assert.equal((await call).container, "mp4");
});

check("a call that is not idempotent is not repeated", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", (_, connection) => connection.socket.destroy());
  const client = use(new Orchestrator({ runDir: folder }));
  const error = await failure(client.start({ user_id: "u", session_id: "s" }));
  assert.equal(error.kind, "unavailable");
  assert.equal(error.data.provider_code, "replica_lost");
  assert.equal(fake.requests.length, 1);
});

check("the caller may declare that a call is idempotent", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => {
    if (fake.requests.length === 1) connection.socket.destroy();
    else connection.reply(id, { existing: true, job_id: "job", state: "running" });
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const job = await client.start({ user_id: "u", session_id: "s", idempotency_key: "k" }, { idempotent: true });
  assert.equal(job.existing, true);
});

check("a call that three replicas lost is not sent again", async ({ folder, serve, use }) => {
  const fake = await serve("clipper", "one", (_, connection) => connection.socket.destroy());
  const client = use(new Clipper({ runDir: folder }));
  const error = await failure(client.probe({ media: "file:///tmp/x.mp4" }));
  assert.equal(error.kind, "internal");
  assert.equal(error.data.provider_code, "replica_broken");
  assert.equal(fake.requests.length, 3);
});

check("an unreadable line ends the connection and its calls", async ({ folder, serve, use }) => {
  const fake = await serve("clipper", "one", ({ id }, connection) => {
    if (fake.requests.length === 1) connection.write("{not JSON}\n");
    else connection.reply(id, { container: "mp4" });
  });
  const client = use(new Clipper({ runDir: folder }));
  assert.equal((await client.probe({ media: "file:///tmp/x.mp4" })).container, "mp4");
});

check("an error without an id ends the connection and its calls", async ({ folder, serve, use }) => {
  await serve("orchestrator", "one", (_, connection) => {
    connection.send({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "a line has at most 4194304 bytes" } });
  });
  const client = use(new Orchestrator({ runDir: folder }));
  const error = await failure(client.start({ user_id: "u", session_id: "s" }));
  assert.equal(error.kind, "unavailable");
  assert.match(error.message, /at most 4194304 bytes/);
});

check("without a replica a call fails and names the folder", async ({ folder, use }) => {
  const client = use(new Orchestrator({ runDir: folder, replicaTimeoutMs: 0 }));
  const error = await failure(client.list());
  assert.equal(error.kind, "unavailable");
  assert.equal(error.data.provider_code, "no_replica");
  assert.ok(error.message.includes(`${folder}/orchestrator`));
});

check("a socket that no process serves is not used", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one");
  // Closing the listener would remove the socket under its first name only.
  await new Promise((resolve) => fake.server.close(resolve));
  const client = use(new Orchestrator({ runDir: folder, replicaTimeoutMs: 1 }));
  const error = await failure(client.list());
  assert.equal(error.data.provider_code, "replica_unreachable");
  assert.match(error.message, /one: .*ECONNREFUSED/);
});

check("a call waits for a replica", async ({ folder, serve, use }) => {
  const client = use(new Orchestrator({ runDir: folder }));
  const call = client.list();
  await serve("orchestrator", "one", ({ id }, connection) => connection.reply(id, { jobs: [] }));
  assert.deepEqual(await call, { jobs: [] });
});

check("a call whose service is gone fails when no other process appears", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", () => void fake.close());
  const client = use(new Orchestrator({ runDir: folder }));
  const error = await failure(client.list({}, { timeoutMs: 300 }));
  assert.equal(error.kind, "timeout");
  assert.equal((await failure(client.list({}, { timeoutMs: 100 }))).kind, "timeout");
});

check("a replica that replies busy is avoided", async ({ folder, serve, use }) => {
  const busy = ({ id }, connection) => connection.fail(id, "busy", -32009, { retryable: true });
  const first = await serve("imagegen", "one", busy);
  const second = await serve("imagegen", "two", busy);
  const client = use(new Imagegen({ runDir: folder }));
  const call = client.generate(request);
  const rejected = await firstToReceive("imagegen.generate", [first, second]);
  const other = rejected === first ? second : first;
  other.handle = ({ id }, connection) => connection.reply(id, { image: request.output });
  assert.equal((await call).image, request.output);
});

check("a call is repeated until a busy replica accepts it", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one", ({ id }, connection) => {
    if (fake.requests.length < 3) connection.fail(id, "busy", -32009, { retryable: true });
    else connection.reply(id, { image: request.output });
  });
  const client = use(new Imagegen({ runDir: folder }));
  assert.equal((await client.generate(request)).image, request.output);
  assert.equal(fake.requests.length, 3);
});

check("a replica gets at most its capacity of calls", async ({ folder, serve, use }) => {
  let [running, most] = [0, 0];
  const fake = await serve("imagegen", "one", ({ id }, connection) => {
    running += 1;
    most = Math.max(most, running);
    setImmediate(() => {
      running -= 1;
      connection.reply(id, { image: request.output });
    });
  });
  fake.health = { status: "serving", capacity: 2 };
  const client = use(new Imagegen({ runDir: folder }));
  await Promise.all(Array.from({ length: 9 }, () => client.generate(request)));
  assert.equal(fake.requests.length, 9);
  assert.equal(most, 2);
});

check("calls go to the replica with the fewest calls in flight", async ({ folder, serve, use }) => {
  const answer = ({ id }, connection) => connection.reply(id, { image: request.output });
  const fakes = [await serve("imagegen", "one", answer), await serve("imagegen", "two", answer)];
  const client = use(new Imagegen({ runDir: folder }));
  // Idle replicas take turns as soon as both are known.
  while (fakes.some((fake) => fake.requests.length === 0)) await client.generate(request);
  const waiting = [];
  for (const fake of fakes) fake.handle = ({ id }, connection) => waiting.push(() => connection.reply(id, { image: request.output }));
  const before = fakes.map((fake) => fake.requests.length);
  const calls = Array.from({ length: 4 }, () => client.generate(request));
  await Promise.all(fakes.map((fake, index) => fake.received("imagegen.generate", before[index] + 2)));
  for (const release of waiting) release();
  await Promise.all(calls);
  assert.deepEqual(fakes.map((fake, index) => fake.requests.length - before[index]), [2, 2]);
});

check("a draining replica is not used", async ({ folder, serve, use }) => {
  const draining = await serve("imagegen", "one");
  draining.health = { status: "draining", capacity: 8 };
  const serving = await serve("imagegen", "two", ({ id }, connection) => connection.reply(id, { image: request.output }));
  const client = use(new Imagegen({ runDir: folder }));
  for (let count = 1; count <= 4; count += 1) await client.generate(request);
  assert.deepEqual([draining.requests.length, serving.requests.length], [0, 4]);
});

check("calls end on a replaced process, and new ones go to its successor", async ({ folder, serve, use }) => {
  const old = await serve("imagegen", "one");
  const client = use(new Imagegen({ runDir: folder }));
  const early = client.generate(request);
  const { connection, message } = await old.received("imagegen.generate");
  await serve("imagegen", "one", ({ id }, successor) => successor.reply(id, { image: "from the successor" }));
  assert.equal((await client.generate(request)).image, "from the successor");
  connection.reply(message.id, { image: "from the old process" });
  assert.equal((await early).image, "from the old process");
  await old.disconnected();
});

check("a replica that stops answering loses its idempotent calls to another one", async ({ folder, serve, use }) => {
  const stopped = await serve("clipper", "one");
  const client = use(new Clipper({ runDir: folder, stallTimeoutMs: 60 }));
  const call = client.probe({ media: "file:///tmp/x.mp4" });
  await stopped.received("clipper.probe");
  stopped.health = undefined;
  await serve("clipper", "two", ({ id }, connection) => connection.reply(id, { container: "mp4" }));
  assert.equal((await call).container, "mp4");
});

check("an aborted signal cancels the call on the service", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one", ({ id, method, params }, connection) => {
    if (method === "rpc.cancel") connection.fail(params.id, "cancelled", -32800, { wasted_usd: 0.02 });
    else assert.ok(id !== undefined);
  });
  const client = use(new Imagegen({ runDir: folder }));
  const controller = new AbortController();
  const call = failure(client.generate(request, { signal: controller.signal }));
  const { message } = await fake.received("imagegen.generate");
  const reason = new Error("no longer needed");
  controller.abort(reason);
  const error = await call;
  const cancel = await fake.received("rpc.cancel");
  assert.deepEqual(cancel.message, { jsonrpc: "2.0", method: "rpc.cancel", params: { id: message.id } });
  assert.equal(error.kind, "cancelled");
  assert.equal(error.data.wasted_usd, 0.02);
  assert.equal(error.cause, reason);
});

check("a result that is faster than the cancellation is returned", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one", ({ method, params }, connection) => {
    if (method === "rpc.cancel") connection.reply(params.id, { image: request.output });
  });
  const client = use(new Imagegen({ runDir: folder }));
  const controller = new AbortController();
  const call = client.generate(request, { signal: controller.signal });
  await fake.received("imagegen.generate");
  controller.abort();
  assert.equal((await call).image, request.output);
});

check("a cancelled call without a reply ends after the settlement timeout", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one");
  const client = use(new Imagegen({ runDir: folder, settlementTimeoutMs: 20 }));
  const controller = new AbortController();
  const call = failure(client.generate(request, { signal: controller.signal }));
  await fake.received("imagegen.generate");
  controller.abort();
  const error = await call;
  assert.equal(error.kind, "cancelled");
  assert.equal(error.data.provider_code, "not_settled");
});

check("a signal that is already aborted sends nothing", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one");
  const client = use(new Imagegen({ runDir: folder }));
  assert.equal((await failure(client.generate(request, { signal: AbortSignal.abort() }))).kind, "cancelled");
  assert.equal(fake.requests.length, 0);
});

check("an aborted signal ends the wait for a replica", async ({ folder, use }) => {
  const client = use(new Imagegen({ runDir: folder }));
  const controller = new AbortController();
  const call = failure(client.generate(request, { signal: controller.signal }));
  setImmediate(() => controller.abort());
  assert.equal((await call).kind, "cancelled");
});

check("a timeout is sent as the deadline that remains", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one", ({ id }, connection) => connection.fail(id, "timeout", -32010));
  const client = use(new Imagegen({ runDir: folder }));
  assert.equal((await failure(client.generate(request, { timeoutMs: 60_000 }))).kind, "timeout");
  const { deadline_ms } = fake.requests[0].message.params;
  assert.ok(Number.isInteger(deadline_ms) && deadline_ms > 0 && deadline_ms <= 60_000, String(deadline_ms));
});

check("a service that does not reply by the deadline is told to cancel", async ({ folder, serve, use }) => {
  const fake = await serve("imagegen", "one");
  const client = use(new Imagegen({ runDir: folder }));
  const call = failure(client.generate(request, { timeoutMs: 500 }));
  await fake.received("imagegen.generate");
  assert.equal((await call).kind, "timeout");
  await fake.received("rpc.cancel");
});

check("a timeout that no timer can hold is not an end", async ({ folder, serve, use }) => {
  await serve("imagegen", "one", ({ id }, connection) => setImmediate(() => connection.reply(id, { image: request.output })));
  const client = use(new Imagegen({ runDir: folder }));
  assert.equal((await client.generate(request, { timeoutMs: 1e12 })).image, request.output);
});

check("a trace context is sent with the other metadata", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => connection.reply(id, {}));
  const client = use(new Orchestrator({ runDir: folder }));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await client.request("orchestrator.list", { _meta: { job_id: "j" } }, { traceparent });
  assert.deepEqual(fake.requests[0].message.params._meta, { job_id: "j", traceparent });
});

check("a request that is too large is not sent", async ({ folder, serve, use }) => {
  const fake = await serve("orchestrator", "one", ({ id }, connection) => connection.reply(id, { text: "" }));
  const client = use(new Orchestrator({ runDir: folder }));
  const error = await failure(client.status({ job_id: "x".repeat(5_000_000) }));
  assert.equal(error.kind, "too_large");
  await client.metrics();
  assert.equal(fake.requests.length, 1);
});

check("the client of any service can be used without types", async ({ folder, serve, use }) => {
  await serve("agent2", "py", ({ id, method }, connection) => connection.reply(id, { method }));
  const client = use(new ServiceClient("agent2", { runDir: folder }));
  assert.deepEqual(await client.request("agent.process", { job_id: "job" }), { method: "agent.process" });
  assert.deepEqual(await client.discover(), { method: "rpc.discover" });
});

check("a run directory that every user may write to is not used", async ({ folder, use }) => {
  const open = join(folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  const client = use(new Orchestrator({ runDir: open }));
  assert.equal((await failure(client.list())).kind, "unauthorized");
});

check("a closed client ends its calls", async ({ folder, serve }) => {
  const fake = await serve("orchestrator", "one");
  const client = new Orchestrator({ runDir: folder });
  const call = failure(client.list());
  await fake.received("orchestrator.list");
  client.close();
  assert.ok(["unavailable", "cancelled"].includes((await call).kind));
  assert.equal((await failure(client.list())).kind, "cancelled");
  await fake.disconnected();
});
