// The takeover in one sentence, with the receipt behind it, and the times of the stages.

import { get } from "/assets/api.js";
import { agents, count, isOver, make } from "/assets/format.js";
import { rawReceipt, receiptWords, stageBars } from "/assets/receipt.js";

/** -> two elements, and `show(job)`. */
export function takeoverBox({ isHere }, base) {
  const takeover = make("div");
  const stages = make("section", { className: "stages" });
  const line = make("summary");
  const words = make("div");
  const raw = rawReceipt(`${base}/receipt`);
  const box = make("details", { className: "takeover" }, line, make("div", { className: "receipt" }, words, raw.element));
  let receipt, shown;

  async function fetchReceipt(key, job) {
    shown = key;
    const fresh = await get(`${base}/receipt`).catch(() => null);
    if (!fresh || !isHere() || shown !== key) return;
    receipt = fresh;
    words.replaceChildren(...receiptWords(receipt));
    raw.show(receipt);
    stages.replaceChildren(...stageBars(receipt));
    showLine(job);
  }

  function showLine(job) {
    const story = takeoverSentence(job, receipt);
    const text = story || (receipt && isOver(job.state) ? "The receipt" : "");
    if (line.textContent !== text) line.textContent = text;
    box.classList.toggle("calm", !story);
    if (!text) box.remove();
    else if (!box.isConnected) takeover.append(box);
  }

  function show(job) {
    const hasFailed = job.agents.Agent5?.status === "error";
    // What is in it changes with what an agent or a segment comes to.
    const done = job.segments.filter(({ state }) => state === "done").length;
    const key = [job.state, isOver(job.state) && job.updated_at, done, ...agents.map((name) => job.agents[name]?.status)].join();
    if (key !== shown && (isOver(job.state) || hasFailed)) fetchReceipt(key, job);
    showLine(job);
  }
  return { takeover, stages, show };
}

/** `Agent5 (acme) failed: no credit. Agent6 took over and made 4 of 4 segments.` */
function takeoverSentence(job, receipt) {
  const lead = job.agents.Agent5;
  if (lead?.status !== "error" || job.state === "cancelled" && !job.agents.Agent6) return "";
  const takeover = receipt?.takeover ?? { reason: lead.message };
  const who = takeover.provider ? `Agent5 (${takeover.provider})` : "Agent5";
  const failure = `${who} failed: ${ended(takeover.reason)}`;
  const made = `${job.segments.filter(({ maker }) => maker === "Agent6").length} of ${count(job.segments.length, "segment")}`;
  switch (job.agents.Agent6 && job.state) {
    case "finished": return `${failure} Agent6 took over and made ${made}.`;
    case "error": return `${failure} Agent6 took over, and failed too.`;
    case "cancelled": return `${failure} Agent6 took over, and was cancelled.`;
    case "queued": case "running": return `${failure} Agent6 takes over.`;
    default: return failure;
  }
}

const ended = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
