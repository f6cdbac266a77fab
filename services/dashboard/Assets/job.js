// One job: its agents, its cost, why the understudy took over, its film, its strip of stills.

import { agentRows, isOnStage } from "/assets/agents.js";
import { get, post } from "/assets/api.js";
import { filmPlayer } from "/assets/film.js";
import { agents, costLine, isOver, make, moment, sentence } from "/assets/format.js";
import { filmStrip } from "/assets/strip.js";
import { takeoverBox } from "/assets/takeover.js";
import { watch } from "/assets/watch.js";

export async function showJob(hands, id) {
  const base = `/api/jobs/${encodeURIComponent(id)}`;
  const state = { id, base, job: await get(base), seq: 0, news: 0 };
  const parts = jobParts(hands, state, () => refresh());
  const show = () => parts.show(state.job);
  const refresh = refresher(state, hands, show);
  hands.open(...parts.elements);
  show();
  const stop = watch(id, ({ snapshot, message, away }) => {
    if (away != null) hands.link(away);
    if (snapshot) takeSnapshot(state, snapshot);
    // What the snapshot holds already is history.
    if (message && message.seq > state.seq) takeMessage(state, message);
    if (snapshot || message) {
      show();
      refresh();
    }
  });
  return () => {
    refresh.stop();
    stop();
  };
}

function takeSnapshot(state, { seq, jobs }) {
  state.seq = seq;
  const fresh = jobs.find((each) => each.job_id === state.id);
  if (!fresh) return;
  // What the pictures are to show is not in a snapshot.
  const known = new Map(state.job.segments.map((each) => [each.segment_id, each.visual_guidance]));
  state.job = { ...fresh, segments: fresh.segments.map((each) => ({ visual_guidance: known.get(each.segment_id), ...each })) };
}

function takeMessage(state, { agentNumber, status, message, progress, costs, jobState }) {
  const { job } = state;
  state.news++;
  Object.assign((job.agents[agentNumber] ??= { cost: 0 }), { status, message, progress });
  Object.assign(job, { costs, state: jobState });
}

/** Asks for the whole job, once for many messages; what came by message meanwhile is newer. */
function refresher(state, { isHere }, show) {
  let timer;
  const refresh = () => {
    timer ??= setTimeout(async () => {
      timer = null;
      const before = state.news;
      const fresh = await get(state.base).catch(() => null);
      // The socket says when the server is away.
      if (!fresh || !isHere()) return;
      const { agents, costs, state: stands } = state.job;
      state.job = before === state.news ? fresh : { ...fresh, agents, costs, state: stands };
      show();
    }, 250);
  };
  refresh.stop = () => clearTimeout(timer);
  return refresh;
}

function jobParts(hands, { id, base, job }, refresh) {
  window.agentCosts = Object.fromEntries(agents.map((name) => [name, 0]));
  const title = make("h1", { textContent: job.session_id, tabIndex: -1 });
  const facts = make("p", { className: "quiet" });
  const buttons = jobButtons(hands, base, title, refresh);
  const rows = agentRows(hands);
  const cost = make("p", { id: "cost-line", role: "group", "aria-label": "Cost" });
  const why = takeoverBox(hands, base);
  const trouble = make("div", { className: "trouble" });
  const film = filmPlayer(base);
  const strip = filmStrip(base, async (name, prompt) => {
    try {
      await post(`${base}/retry`, { edits: { [name]: { prompt } } });
      hands.tell(`${name} is drawn again.`);
      return true;
    } catch (error) {
      hands.alarm(error.message);
      return false;
    } finally {
      refresh();
    }
  });

  function show(job) {
    facts.textContent = `${job.user_id} · begun ${moment(job.created_at)} · ${id}`;
    cost.textContent = costLine(job.costs);
    for (const name of agents) window.agentCosts[name] = job.costs[name] || 0;
    trouble.replaceChildren(...troubles(job));
    for (const part of [rows, buttons, why, film, strip]) part.show(job);
  }
  return { show, elements: [title, facts, buttons.row, rows.list, cost, why.takeover, trouble, film.section,
    make("h2", { textContent: "Segments" }), strip.list, why.stages] };
}

/** Why there is no film, unless a row says just that, and what else the user should know. */
function troubles(job) {
  const failure = job.error?.message;
  const isSaid = agents.some((name) => isOnStage(job, name) && job.agents[name]?.message === failure);
  return [...(failure && !isSaid ? [make("p", { className: "failure", textContent: failure })] : []),
    ...job.warnings.map((text) => make("p", { className: "quiet", textContent: sentence(text) }))];
}

function jobButtons({ alarm }, base, title, refresh) {
  // A button that is switched off loses the focus: one that waits for its answer only does nothing.
  const button = (textContent, className, act) => {
    let isBusy = false;
    return make("button", { type: "button", className, textContent, onclick: async () => {
      if (isBusy) return;
      isBusy = true;
      await act().catch((error) => alarm(error.message));
      isBusy = false;
      refresh();
    } });
  };
  const cancel = button("Cancel", "", () => post(`${base}/cancel`));
  const retry = button("Retry what failed", "main", () => post(`${base}/retry`, { only: "failed" }));
  const download = make("a", { className: "button", href: `${base}/film?download=1`, textContent: "Download the film" });
  const row = make("div", { className: "row" }, cancel, retry, download);

  function show(job) {
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    cancel.hidden = isOver(job.state);
    retry.hidden = !["error", "cancelled"].includes(job.state);
    download.hidden = !job.video_url;
    if (focused?.hidden) ([cancel, retry, download].find((each) => !each.hidden) ?? title).focus();
  }
  return { row, show };
}
