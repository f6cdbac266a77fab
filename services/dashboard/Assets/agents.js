// SPDX-License-Identifier: Apache-2.0

// The rows of the agents, and the announcements of their progress to screen readers.

import { agents, make, money, showState } from "/assets/format.js";

const template = document.getElementById("agent-row").content.firstElementChild;

/** Returns the list of rows and `show(job)`. */
export function agentRows(ui) {
  const list = make("ul", { className: "agents-list", "aria-label": "Agents" });
  const rows = Object.fromEntries(agents.map((name) => [name, newRow(name)]));
  list.append(...Object.values(rows));
  const announce = announcer(ui);

  function show(job) {
    for (const name of agents) showRow(rows[name], job, name);
    announce(job);
  }
  return { list, show };
}

function newRow(name) {
  const row = template.cloneNode(true);
  row.dataset.agent = name;
  row.querySelector(".name").textContent = name;
  row.querySelector("progress").setAttribute("aria-label", `Progress of ${name}`);
  row.hidden = true;
  return row;
}

/** Whether the row of an agent is shown: that of Agent6 only after Agent5 has failed. */
export function isShown(job, name) {
  return name !== "Agent6" || !!job.agents.Agent6 && job.agents.Agent5?.status === "error";
}

/** The messages of agents that were skipped because their output was provided. */
const skippedMessages = { Agent2: "Uses the storyboard as provided.", Agent4: "Uses the narrations as provided." };
const isSkipped = (job, name) => name in skippedMessages && !job.agents[name] && Object.keys(job.agents).length > 0;

/** The progress of an agent, 0 to 1: its own if it reports one, else that of the job for the last agent. */
function fractionOf(job, name) {
  const agent = job.agents[name];
  if (agent?.status === "finished") return 1;
  const isLast = agents.filter((each) => job.agents[each]).at(-1) === name;
  return agent?.progress?.fraction ?? (isLast ? job.progress.fraction : 0);
}

function showRow(row, job, name) {
  const agent = job.agents[name];
  row.hidden = !isShown(job, name);
  row.dataset.status = agent?.status || "";
  const skipped = isSkipped(job, name);
  showState(row.querySelector(".word"), agent?.status || (skipped ? "skipped" : "queued"));
  const message = row.querySelector(".message");
  const text = agent?.message || (skipped ? skippedMessages[name] : "");
  if (message.textContent !== text) message.textContent = text;
  const progress = row.querySelector("progress");
  progress.value = fractionOf(job, name);
  progress.hidden = !agent || agent.status === "error";
  row.querySelector(".cost").textContent = money(job.costs[name]);
}

const isWorking = (status) => status === "starting" || status === "processing";

/**
 * Returns a function that announces the changes of a job. The state in which the page finds the job is not announced. Afterwards it
 * announces every change of a status, progress in quarters, and each takeover once; a still that Agent6 redraws is not a takeover.
 */
function announcer({ announce, alertUser }) {
  let previous, hasLeadFailed = false;

  function announceStatus(name, status, message, isCancelled) {
    if (isCancelled) return announce("The render was cancelled.");
    if (name === "Agent5") hasLeadFailed = status === "error";
    if (name === "Agent6" && hasLeadFailed) {
      hasLeadFailed = false;
      alertUser("Agent6 takes over.");
      if (isWorking(status)) return;
    }
    if (status === "error") alertUser(`${name} failed. ${message}`);
    else announce(`${name} ${status === "finished" ? "has finished" : "is working"}.`);
  }

  return (job) => {
    const current = {};
    for (const name of agents.filter((each) => job.agents[each])) {
      const { status, message } = job.agents[name];
      const quarter = Math.floor(fractionOf(job, name) * 4 + 0.001) * 25;
      const before = previous?.[name];
      current[name] = { status, quarter };
      if (!previous) continue;
      if (!before || before.status !== status && !(isWorking(status) && isWorking(before.status))) announceStatus(name, status, message, job.state === "cancelled");
      else if (isWorking(status) && quarter > before.quarter) announce(`${name}: ${quarter} percent.`);
      else current[name].quarter = isWorking(status) ? Math.max(quarter, before.quarter) : quarter;
    }
    if (!previous) hasLeadFailed = current.Agent5?.status === "error" && !current.Agent6;
    previous = current;
  };
}
