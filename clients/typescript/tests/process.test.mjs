// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { VERSION } from "../dist/index.js";
import { check } from "./fake-service.mjs";

const index = new URL("../dist/index.js", import.meta.url).href;

/** Runs a program of a few lines until it ends by itself. Returns its exit status and output. */
async function run(folder, program) {
  const text = `import { Orchestrator } from ${JSON.stringify(index)};\n${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
    env: { ...process.env, UNDERSTUDY_RUN_DIR: folder }, stdio: ["ignore", "pipe", "inherit"], timeout: 30_000,
  });
  let output = "";
  child.stdout.on("data", (part) => (output += part));
  const status = await new Promise((resolve) => child.on("close", resolve));
  return { output: output.trim(), status };
}

check("a program ends after its calls without closing the client", async ({ folder, serve }) => {
  await serve("orchestrator", "one", ({ id }, connection) => connection.reply(id, { jobs: [] }));
  const program = "const client = new Orchestrator(); await client.list(); await client.list(); console.log('done');";
  assert.deepEqual(await run(folder, program), { output: "done", status: 0 });
});

check("a program does not end while a call waits for its reply", async ({ folder, serve }) => {
  await serve("orchestrator", "one", ({ id }, connection) => setImmediate(() => connection.reply(id, { text: "reply" })));
  const program = "console.log((await new Orchestrator().metrics()).text);";
  assert.deepEqual(await run(folder, program), { output: "reply", status: 0 });
});

check("a program does not end while it watches, and ends when it leaves the loop", async ({ folder, serve }) => {
  await serve("orchestrator", "one", ({ id }, connection) => {
    connection.reply(id, { seq: 0, jobs: [] });
    setImmediate(() => connection.event(1));
  });
  const program = "for await (const message of new Orchestrator().watch()) { console.log(message.seq); break; }";
  assert.deepEqual(await run(folder, program), { output: "1", status: 0 });
});

check("the package has the version of the services", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(version, VERSION);
});
