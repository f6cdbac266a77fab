// SPDX-License-Identifier: Apache-2.0

// Against real services. UNDERSTUDY_CLIENT_STACK is the path of the `understudy` executable, which then runs a stack in a temporary folder,
// or the run directory of a stack that is already running.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Agent5, Clipper, idempotentMethods, Imagegen, Logger, Orchestrator, ServiceError, Stitcher } from "../dist/index.js";

const setting = process.env.UNDERSTUDY_CLIENT_STACK;
const skip = setting ? false : "UNDERSTUDY_CLIENT_STACK is not set: the understudy executable, or a run directory";
const package_ = fileURLToPath(new URL("..", import.meta.url));

test("a live stack", { skip, timeout: 600_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "us-ts-"));
  const stack = statSync(setting).isDirectory() ? undefined : startStack(setting, folder);
  const runDir = stack ? join(folder, "run") : setting;
  const orchestrator = new Orchestrator({ runDir, replicaTimeoutMs: 60_000 });
  const job = (session, ...durations) => ({
    user_id: `ts-${process.pid}`, session_id: session, options: { width: 320, height: 180, fps: 24 },
    pipeline_data: {
      storyboard: { segments: durations.map((duration, index) => ({ id: `seg_${index}`, duration, visual_guidance: `Hill ${index}` })) },
    },
  });

  try {
    await t.test("every service has the methods of the generated classes", async () => {
      for (const Client of [Agent5, Clipper, Imagegen, Logger, Orchestrator, Stitcher]) {
        const client = new Client({ runDir, replicaTimeoutMs: 60_000 });
        assert.equal((await client.health()).service, client.service);
        const { methods } = await client.discover();
        assert.ok(methods.length > 4);
        for (const method of methods) {
          assert.equal(idempotentMethods.has(method.name), method["x-idempotent"], method.name);
        }
        client.close();
      }
    });

    await t.test("the example of the README makes a film", async () => {
      const [, program] = /```js\n(.*?)```/s.exec(readFileSync(join(package_, "README.md"), "utf8"));
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(package_, join(folder, "node_modules", "understudy"));
      writeFileSync(join(folder, "film.mjs"), program);
      const { output, status } = await run(process.execPath, [join(folder, "film.mjs")], { UNDERSTUDY_RUN_DIR: runDir });
      assert.equal(status, 0, output);
      assert.match(output, /^Agent5 starting: /);
      const [, path] = /\nfinished file:\/\/(\S+)\n$/.exec(output) ?? assert.fail(output);
      assert.ok(statSync(path).size > 1000);
    });

    await t.test("the orchestrator's other methods", async () => {
      const request = job("methods", 1);
      assert.equal((await orchestrator.estimate(request)).segments, 1);
      const { job_id } = await orchestrator.start(request);
      for await (const message of orchestrator.watch({ job_id })) assert.equal(message.jobId, job_id);
      const view = await orchestrator.status({ job_id, guidance: false });
      assert.equal(view.state, "finished");
      assert.equal((await orchestrator.receipt({ job_id })).takeover.kind, "unavailable");
      assert.ok((await orchestrator.list({ limit: 100 })).jobs.some((each) => each.job_id === job_id));
      assert.equal((await orchestrator.breaker({ agent: "agent5" })).agent, "agent5");
      assert.match((await orchestrator.metrics()).text, /^# /m);
    });

    await t.test("errors have the kinds of the services", async () => {
      const kind = (promise) => promise.then(() => "none", (error) => (error instanceof ServiceError ? error.kind : String(error)));
      assert.equal(await kind(orchestrator.status({ job_id: "nobody" })), "not_found");
      assert.equal(await kind(orchestrator.start({ user_id: "..", session_id: "s" })), "invalid_params");
      assert.equal(await kind(orchestrator.request("orchestrator.nothing")), "method_not_found");
      assert.equal(await kind(orchestrator.status({ job_id: "x".repeat(5_000_000) })), "too_large");
    });

    await t.test("an aborted signal cancels the job of agent6.process", async () => {
      const controller = new AbortController();
      let report;
      const onProgress = (progress) => {
        report ??= progress;
        controller.abort(new Error("enough"));
      };
      const options = { signal: controller.signal, onProgress };
      const error = await orchestrator.agent6Process(job("cancelled", 60, 60), options).catch((reason) => reason);
      assert.equal(error.kind, "cancelled");
      assert.equal(error.cause.message, "enough");
      const job_id = report.jobId;
      for await (const message of orchestrator.watch({ job_id })) assert.equal(message.jobId, job_id);
      assert.equal((await orchestrator.status({ job_id })).state, "cancelled");
    });

    const withoutStack = stack ? false : "the stack belongs to someone else";
    await t.test("a watch survives an orchestrator that is killed", { skip: withoutStack }, async () => {
      const killed = (await orchestrator.health()).pid;
      const { job_id } = await orchestrator.start(job("killed", 4, 4, 4, 4));
      const seqs = [];
      let last;
      for await (const message of orchestrator.watch({ job_id }, { reconnectTimeoutMs: 120_000 })) {
        if (seqs.length === 4) process.kill(killed, "SIGKILL");
        seqs.push(message.seq);
        last = message;
      }
      assert.equal(last.jobState, "finished");
      assert.notEqual((await orchestrator.health()).pid, killed);
      const stored = [];
      for await (const message of orchestrator.watch({ job_id })) stored.push(message.seq);
      assert.deepEqual(seqs, stored);
    });
  } finally {
    orchestrator.close();
    await stack?.stop();
    rmSync(folder, { recursive: true });
  }
});

/** Starts all services but the web page. */
function startStack(executable, folder) {
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const environment = {
    UNDERSTUDY_AGENT5_PROVIDER: "none", UNDERSTUDY_RUN_DIR: join(folder, "run"), UNDERSTUDY_STATE_DIR: join(folder, "state"),
    UNDERSTUDY_STORE: `file://${folder}/store`,
  };
  const child = spawn(executable, ["up", "--without", "dashboard"], { env: { ...process.env, ...environment }, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return {
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Runs a program to its end. */
async function run(program, parameters, environment) {
  const child = spawn(program, parameters, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (part) => (output += part));
  child.stderr.on("data", (part) => (output += part));
  const status = await new Promise((resolve) => child.on("close", resolve));
  return { output, status };
}
