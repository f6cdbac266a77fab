// SPDX-License-Identifier: Apache-2.0

// One job: its agents, its costs, the takeover, the film and the segments.

import { agentRows, isShown } from "/assets/agents.js";
import { get, post } from "/assets/api.js";
import { filmPlayer } from "/assets/film.js";
import { agents, costLine, dateAndTime, isTerminal, make, sentence } from "/assets/format.js";
import { segmentCards } from "/assets/strip.js";
import { takeoverBox } from "/assets/takeover.js";
import { watch } from "/assets/watch.js";

export async function showJob(ui, id) {
  const base = `/api/jobs/${encodeURIComponent(id)}`;
  const state = { id, base, job: await get(base), seq: 0, messageCount: 0 };
  const parts = jobParts(ui, state, () => refresh());
  const show = () => parts.show(state.job);
  const refresh = refresher(state, ui, show);
  ui.showContent(...parts.elements);
  show();
  const stopWatching = watch(id, ({ snapshot, message, isLost }) => {
    if (isLost != null) ui.showConnection(isLost);
    if (snapshot) applySnapshot(state, snapshot);
    // Older messages are part of the snapshot.
    if (message && message.seq > state.seq) applyMessage(state, message);
    if (snapshot || message) {
      show();
      refresh();
    }
  });
  return () => {
    refresh.stop();
    stopWatching();
  };
}

function applySnapshot(state, { seq, jobs }) {
  state.seq = seq;
  const job = jobs.find((each) => each.job_id === state.id);
  if (!job) return;
  // Snapshots leave the visual guidance out.
  const guidance = new Map(state.job.segments.map((each) => [each.segment_id, each.visual_guidance]));
  state.job = { ...job, segments: job.segments.map((each) => ({ visual_guidance: guidance.get(each.segment_id), ...each })) };
}

function applyMessage(state, { agentNumber, status, message, progress, costs, jobState }) {
  const { job } = state;
  state.messageCount++;
  Object.assign((job.agents[agentNumber] ??= { cost: 0 }), { status, message, progress });
  Object.assign(job, { costs, state: jobState });
}

/** Returns a function that loads the whole job, once for many calls. Messages that arrive meanwhile are newer than the response. */
function refresher(state, { isCurrent }, show) {
  let timer;
  const refresh = () => {
    timer ??= setTimeout(async () => {
      timer = null;
      const countBefore = state.messageCount;
      const job = await get(state.base).catch(() => null);
      // The WebSocket reports a lost connection.
      if (!job || !isCurrent()) return;
      const { agents, costs, state: jobState } = state.job;
      state.job = countBefore === state.messageCount ? job : { ...job, agents, costs, state: jobState };
      show();
    }, 250);
  };
  refresh.stop = () => clearTimeout(timer);
  return refresh;
}

function jobParts(ui, { id, base, job }, refresh) {
  window.agentCosts = Object.fromEntries(agents.map((name) => [name, 0]));
  const title = make("h1", { textContent: job.session_id, tabIndex: -1 });
  const facts = make("p", { className: "quiet" });
  const buttons = jobButtons(ui, base, title, refresh);
  const rows = agentRows(ui);
  const cost = make("p", { id: "cost-line", role: "group", "aria-label": "Cost" });
  const takeover = takeoverBox(ui, base);
  const problems = make("div", { className: "problems" });
  const film = filmPlayer(base);
  const cards = segmentCards(base, async (name, prompt) => {
    try {
      await post(`${base}/retry`, { edits: { [name]: { prompt } } });
      ui.notify(`Redrawing ${name}.`);
      return true;
    } catch (error) {
      ui.alertUser(error.message);
      return false;
    } finally {
      refresh();
    }
  });

  function show(job) {
    facts.textContent = `${job.user_id} · started ${dateAndTime(job.created_at)} · ${id}`;
    cost.textContent = costLine(job.costs);
    for (const name of agents) window.agentCosts[name] = job.costs[name] || 0;
    problems.replaceChildren(...problemsOf(job));
    for (const part of [rows, buttons, takeover, film, cards]) part.show(job);
  }
  return { show, elements: [title, facts, buttons.row, rows.list, cost, takeover.box, problems, film.section,
    make("h2", { textContent: "Segments" }), cards.list, takeover.stages] };
}

/** Why there is no film, unless the row of an agent has the same message, and the warnings. */
function problemsOf(job) {
  const failure = job.error?.message;
  const isRepeated = agents.some((name) => isShown(job, name) && job.agents[name]?.message === failure);
  return [...(failure && !isRepeated ? [make("p", { className: "failure", textContent: failure })] : []),
    ...job.warnings.map((text) => make("p", { className: "quiet", textContent: sentence(text) }))];
}

function jobButtons({ alertUser }, base, title, refresh) {
  // A disabled button would lose the focus: while its request is in flight, a button ignores clicks.
  const button = (textContent, className, act) => {
    let isBusy = false;
    return make("button", { type: "button", className, textContent, onclick: async () => {
      if (isBusy) return;
      isBusy = true;
      await act().catch((error) => alertUser(error.message));
      isBusy = false;
      refresh();
    } });
  };
  const cancel = button("Cancel", "", () => post(`${base}/cancel`));
  const retry = button("Retry", "main", () => post(`${base}/retry`, { only: "failed" }));
  const download = make("a", { className: "button", href: `${base}/film?download=1`, textContent: "Download film" });
  const row = make("div", { className: "row" }, cancel, retry, download);

  function show(job) {
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    cancel.hidden = isTerminal(job.state);
    retry.hidden = !["error", "cancelled"].includes(job.state);
    download.hidden = !job.video_url;
    if (focused?.hidden) ([cancel, retry, download].find((each) => !each.hidden) ?? title).focus();
  }
  return { row, show };
}
