// SPDX-License-Identifier: Apache-2.0

// The takeover in one sentence, which opens the receipt, and the times of the stages.

import { get } from "/assets/api.js";
import { agents, count, isTerminal, make } from "/assets/format.js";
import { receiptJSON, receiptSections, stageBars } from "/assets/receipt.js";

/** Returns the elements `box` and `stages`, and `show(job)`. */
export function takeoverBox({ isCurrent }, base) {
  const box = make("div");
  const stages = make("section", { className: "stages" });
  const summary = make("summary");
  const sections = make("div");
  const json = receiptJSON(`${base}/receipt`);
  const details = make("details", { className: "takeover" }, summary, make("div", { className: "receipt" }, sections, json.element));
  let receipt, shownKey;

  async function loadReceipt(key, job) {
    shownKey = key;
    const loaded = await get(`${base}/receipt`).catch(() => null);
    if (!loaded || !isCurrent() || shownKey !== key) return;
    receipt = loaded;
    sections.replaceChildren(...receiptSections(receipt));
    json.show(receipt);
    stages.replaceChildren(...stageBars(receipt));
    showSummary(job);
  }

  function showSummary(job) {
    const takeover = takeoverSentence(job, receipt);
    const text = takeover || (receipt && isTerminal(job.state) ? "Receipt" : "");
    if (summary.textContent !== text) summary.textContent = text;
    details.classList.toggle("calm", !takeover);
    if (!text) details.remove();
    else if (!details.isConnected) box.append(details);
  }

  function show(job) {
    const hasFailed = job.agents.Agent5?.status === "error";
    // The receipt changes with the states of agents and segments.
    const done = job.segments.filter(({ state }) => state === "done").length;
    const key = [job.state, isTerminal(job.state) && job.updated_at, done, ...agents.map((name) => job.agents[name]?.status)].join();
    if (key !== shownKey && (isTerminal(job.state) || hasFailed)) loadReceipt(key, job);
    showSummary(job);
  }
  return { box, stages, show };
}

/** `Agent5 (acme) failed: no credit. Agent6 took over and made 4 of 4 segments.` */
function takeoverSentence(job, receipt) {
  const lead = job.agents.Agent5;
  if (lead?.status !== "error" || job.state === "cancelled" && !job.agents.Agent6) return "";
  const takeover = receipt?.takeover ?? { reason: lead.message };
  const name = takeover.provider ? `Agent5 (${takeover.provider})` : "Agent5";
  const failure = `${name} failed: ${withFullStop(takeover.reason)}`;
  const made = `${job.segments.filter(({ maker }) => maker === "Agent6").length} of ${count(job.segments.length, "segment")}`;
  switch (job.agents.Agent6 && job.state) {
    case "finished": return `${failure} Agent6 took over and made ${made}.`;
    case "error": return `${failure} Agent6 took over and failed too.`;
    case "cancelled": return `${failure} Agent6 took over and was cancelled.`;
    case "queued": case "running": return `${failure} Agent6 takes over.`;
    default: return failure;
  }
}

const withFullStop = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
