// SPDX-License-Identifier: Apache-2.0

// Programs that must compile, and, below @ts-expect-error, lines that must not. The compiler is the test; nothing runs.

import { Clipper, Imagegen, Orchestrator, ServiceClient, ServiceError } from "../dist/index.js";
import type { JobOptions, JobState, JobView, Methods, Motion, ProgressReport, StartJob, StatusMessage, Storyboard } from "../dist/index.js";

const storyboard: Storyboard = { segments: [{ duration: 2, visual_guidance: "A harbour at dawn" }] };
const options: JobOptions = { fps: 23.976, mode: "fade", motion: "ken_burns" };

export async function start(client: Orchestrator, signal: AbortSignal): Promise<string | undefined> {
  const request: StartJob = { user_id: "u", session_id: "s", options, pipeline_data: { storyboard } };
  const onProgress = ({ fraction, message }: ProgressReport): void => void (fraction + message.length);
  const { job_id } = await client.start(request, { signal, timeoutMs: 1000, onProgress });
  for await (const message of client.watch({ job_id, after_seq: 0 }, { signal })) {
    const status: StatusMessage = message;
    const state: JobState = status.jobState;
    if (state === "error" && status.error) throw new ServiceError("internal", status.error.message);
  }
  const view: JobView = await client.status({ job_id });
  return view.video_url;
}

export async function optionalParameters(client: Orchestrator): Promise<number> {
  await client.list();
  await client.health();
  return (await client.list({ limit: 10, state: "running" })).jobs.length;
}

export async function named(client: Orchestrator): Promise<boolean> {
  const { existing } = await client.call("orchestrator.start", { user_id: "u", session_id: "s" });
  const { level } = await client.call("rpc.loglevel", { level: "debug" });
  return existing && level === "debug";
}

export async function untyped(client: ServiceClient): Promise<unknown> {
  return client.request("agent.process", { anything: 1 });
}

export const idempotent: Methods["orchestrator.status"]["idempotent"] = true;
export const path: Motion = { from: { x: 0, y: 0, width: 1, height: 1 }, to: { x: 0, y: 0, width: 0.5, height: 0.5 } };

export async function wrong(orchestrator: Orchestrator, clipper: Clipper, imagegen: Imagegen): Promise<void> {
  // @ts-expect-error a required parameter is missing
  await orchestrator.start({ user_id: "u" });
  // @ts-expect-error there is no such parameter
  await orchestrator.cancel({ job_id: "job", force: true });
  // @ts-expect-error there is no such mode
  await orchestrator.start({ user_id: "u", session_id: "s", options: { mode: "wipe" } });
  // @ts-expect-error the frame rate is not one of those that are supported
  await clipper.create({ image: "file:///a.png", duration: 1, output: "file:///a.mp4", fps: 31 });
  // @ts-expect-error the method belongs to another service
  await clipper.call("orchestrator.start", { user_id: "u", session_id: "s" });
  // @ts-expect-error the width is a number
  await imagegen.generate({ prompt: "A harbour", width: "64", height: 64, output: "file:///a.png" });
  // @ts-expect-error the method is not idempotent
  const start: Methods["orchestrator.start"]["idempotent"] = true;
  void start;
}
