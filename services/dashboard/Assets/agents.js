// The rows of the agents, and what is said of them to those who hear the page.

import { agents, make, money, showWord } from "/assets/format.js";

const template = document.getElementById("agent-row").content.firstElementChild;

/** -> the list of rows, and `show(job)`. */
export function agentRows(hands) {
  const list = make("ul", { className: "agents-list", "aria-label": "Agents" });
  const rows = Object.fromEntries(agents.map((name) => [name, newRow(name)]));
  list.append(...Object.values(rows));
  const announce = announcer(hands);

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

/** The understudy is on stage only when the lead has failed. */
export function isOnStage(job, name) {
  return name !== "Agent6" || !!job.agents.Agent6 && job.agents.Agent5?.status === "error";
}

/** What stands for agents who had nothing to do, once others are at work. */
const given = { Agent2: "The storyboard was given.", Agent4: "Narrations are used as they were given." };
const isSkipped = (job, name) => name in given && !job.agents[name] && Object.keys(job.agents).length > 0;

/** 0 to 1: the agent's own; of the one whose turn it is, else the job's. */
function fractionOf(job, name) {
  const agent = job.agents[name];
  if (agent?.status === "finished") return 1;
  const isCurrent = agents.filter((each) => job.agents[each]).at(-1) === name;
  return agent?.progress?.fraction ?? (isCurrent ? job.progress.fraction : 0);
}

function showRow(row, job, name) {
  const agent = job.agents[name];
  row.hidden = !isOnStage(job, name);
  row.dataset.status = agent?.status || "";
  const skipped = isSkipped(job, name);
  showWord(row.querySelector(".word"), agent?.status || (skipped ? "skipped" : "queued"));
  const message = row.querySelector(".message");
  const text = agent?.message || (skipped ? given[name] : "");
  if (message.textContent !== text) message.textContent = text;
  const progress = row.querySelector("progress");
  progress.value = fractionOf(job, name);
  progress.hidden = !agent || agent.status === "error";
  row.querySelector(".cost").textContent = money(job.costs[name]);
}

const isWorking = (status) => status === "starting" || status === "processing";

/**
 * -> tells what is new in a job. What was there when the page came is no news. After that: each change of a state, progress in quarters,
 * and once for each time that the lead fails and the understudy begins, the takeover; that it draws a picture again is none.
 */
function announcer({ say, alarm }) {
  let told, hasLeadFailed = false;

  function change(name, status, message, isCancelled) {
    if (isCancelled) return say("The job is cancelled.");
    if (name === "Agent5") hasLeadFailed = status === "error";
    if (name === "Agent6" && hasLeadFailed) {
      hasLeadFailed = false;
      alarm("Agent6 takes over.");
      if (isWorking(status)) return;
    }
    if (status === "error") alarm(`${name} failed. ${message}`);
    else say(`${name} is ${status === "finished" ? "finished" : "working"}.`);
  }

  return (job) => {
    const now = {};
    for (const name of agents.filter((each) => job.agents[each])) {
      const { status, message } = job.agents[name];
      const quarter = Math.floor(fractionOf(job, name) * 4 + 0.001) * 25;
      const before = told?.[name];
      now[name] = { status, quarter };
      if (!told) continue;
      if (!before || before.status !== status && !(isWorking(status) && isWorking(before.status))) change(name, status, message, job.state === "cancelled");
      else if (isWorking(status) && quarter > before.quarter) say(`${name}: ${quarter} percent.`);
      else now[name].quarter = isWorking(status) ? Math.max(quarter, before.quarter) : quarter;
    }
    if (!told) hasLeadFailed = now.Agent5?.status === "error" && !now.Agent6;
    told = now;
  };
}
