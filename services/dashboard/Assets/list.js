// SPDX-License-Identifier: Apache-2.0

// The list of jobs: filters, search, pages. Rows change as status messages arrive.

import { get, post } from "/assets/api.js";
import { watch } from "/assets/watch.js";
import { count, dateAndTime, make, money, showState } from "/assets/format.js";

const pageSize = 50, maximumRows = 1000;
const wholePages = (shown) => Math.min(maximumRows, Math.max(1, Math.ceil(shown / pageSize)) * pageSize);

export async function showList(ui) {
  const filters = filterForm(ui, () => restart());
  const rows = jobRows();
  const more = make("button", { type: "button", textContent: "Load more", hidden: true, onclick: () => loadRows({ isMore: true, limit: pageSize }) });
  const empty = make("p", { className: "quiet", hidden: true });
  ui.showContent(make("h1", { textContent: "Renders" }), filters.form, rows.element, empty, more);

  let next, timer, queue = Promise.resolve();
  // Jobs without a row that matched the filters in a message.
  const unlisted = new Set();
  // Jobs that belong to a later page: their messages are ignored.
  const beyond = new Set();

  /** Loads the rows after the last one, or all shown rows again. Requests are made one at a time. */
  const loadRows = ({ isMore = false, limit = wholePages(rows.size()) } = {}) => (queue = queue.then(async () => {
    const after = isMore ? [["after", next]] : [];
    try {
      const found = await get(`/api/jobs?${new URLSearchParams([...filters.active(), ["limit", limit], ...after])}`);
      rows.show(found.jobs, !isMore);
      for (const job of found.jobs) beyond.delete(job.job_id);
      next = found.next;
    } catch (error) {
      ui.alertUser(error.message);
    }
    more.hidden = !next;
    empty.hidden = rows.size() > 0;
    empty.replaceChildren(...emptyText(filters.active()));
  }));

  function restart() {
    beyond.clear();
    return loadRows({ limit: pageSize });
  }

  /** Loads the shown rows again, once for many messages, so that new jobs and jobs with other states get their places. */
  function reload() {
    timer ??= setTimeout(async () => {
      timer = null;
      const jobs = [...unlisted];
      unlisted.clear();
      await loadRows();
      for (const job of jobs) if (!rows.has(job)) beyond.add(job);
    }, 300);
  }

  function apply(message) {
    const job = message.jobId;
    if (rows.has(job)) {
      rows.update(message);
      if (!filters.match(message)) reload();
    } else if (filters.match(message) && !beyond.has(job)) {
      unlisted.add(job);
      reload();
    }
  }

  await loadRows();
  const stopWatching = watch(null, ({ snapshot, message, isLost }) => {
    if (isLost != null) ui.showConnection(isLost);
    // Changes between the list and the snapshot are in no message.
    if (snapshot) reload();
    if (message) apply(message);
  });
  return () => {
    clearTimeout(timer);
    stopWatching();
  };
}

/** Why the list is empty, and a link that leads on. */
function emptyText(filters) {
  if (filters.length) return ["No matching renders. ", make("a", { href: "/", textContent: "Show all renders" })];
  return ["No renders yet. ", make("a", { href: "/jobs/new", textContent: "Make a film" })];
}

function filterForm(ui, onChange) {
  const query = new URLSearchParams(location.search);
  const search = make("input", { type: "search", name: "q", value: query.get("q") || "", placeholder: "ID, user or session" });
  const state = make("select", { name: "state" }, ...["", "queued", "running", "finished", "error", "cancelled"].map((each) =>
    make("option", { value: each, selected: each === (query.get("state") || ""), textContent: { "": "all", queued: "waiting", error: "failed" }[each] ?? each })));
  const retry = make("button", { type: "button", textContent: "Retry all failed renders", onclick: () => retryAll(ui, onChange) });
  const form = make("form", { className: "row", role: "search" }, make("label", {}, "Search ", search), make("label", {}, "State ", state),
    make("button", { textContent: "Apply" }), retry);
  const active = () => [["q", search.value.trim()], ["state", state.value]].filter(([, value]) => value);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = new URLSearchParams(active()).toString();
    history.replaceState(null, "", text ? `/?${text}` : "/");
    onChange();
  });
  state.addEventListener("change", () => form.requestSubmit());

  /** Whether the job of a status message matches the filters. */
  function match({ jobId, userId, sessionId, jobState }) {
    const wanted = search.value.trim().toLowerCase();
    return (!state.value || state.value === jobState) && [jobId, userId, sessionId].some((text) => text?.toLowerCase().includes(wanted));
  }
  return { form, active, match };
}

async function retryAll({ notify, alertUser, confirmAction }, onChange) {
  try {
    const { jobs, next } = await get(`/api/jobs?state=error&limit=${maximumRows}`);
    if (!jobs.length) return notify("No render has failed.");
    const all = next ? `more than ${maximumRows} renders` : count(jobs.length, "render");
    if (!await confirmAction(`Retry ${all}? Missing parts are made again, which may cost money.`, "Retry")) return;
    const { retried, failed } = await post("/api/retry-failed");
    notify(`${count(retried.length, "render")} restarted, ${failed.length} could not be restarted.`);
    onChange();
  } catch (error) {
    alertUser(error.message);
  }
}

/** The rows of the table by job, in the order of the server. */
function jobRows() {
  const body = make("tbody");
  const rows = new Map();
  const element = make("div", { className: "scroll" }, make("table", { className: "jobs" },
    make("caption", { className: "unseen", textContent: "Renders, newest first" }),
    make("thead", {}, make("tr", {}, ...["Session", "State", "Agents", "Cost", "Started"].map((text) => make("th", { scope: "col", textContent: text })))), body));

  /** Existing rows stay in place, with the focus. If `isComplete`, rows of other jobs are removed. */
  function show(jobs, isComplete) {
    const shown = new Set(jobs.map(({ job_id }) => job_id));
    if (isComplete) for (const [id, row] of rows) if (!shown.has(id)) remove(id, row);
    jobs.forEach((job, index) => {
      const row = rows.get(job.job_id) ?? newRow(job);
      rows.set(job.job_id, row);
      fill(row, job.state, job.costs.total, Object.keys(job.agents));
      if (!isComplete && !row.isConnected) body.append(row);
      else if (isComplete && body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    });
  }

  function remove(id, row) {
    if (row.contains(document.activeElement)) (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("a").focus();
    row.remove();
    rows.delete(id);
  }

  return { element, show, has: (id) => rows.has(id), size: () => rows.size,
    update({ jobId, jobState, costs, agentNumber }) {
      const row = rows.get(jobId);
      fill(row, jobState, costs.total, [...row.agents, agentNumber]);
    } };
}

function newRow(job) {
  const row = make("tr", {},
    make("td", {}, make("a", { href: `/jobs/${encodeURIComponent(job.job_id)}`, textContent: job.session_id }), make("br"),
      make("span", { className: "quiet", textContent: job.user_id })),
    make("td", {}, make("span", { className: "word" })), make("td", { className: "agents quiet" }),
    make("td", { className: "number" }), make("td", { className: "quiet", textContent: dateAndTime(job.created_at) }));
  row.dataset.job = job.job_id;
  return row;
}

function fill(row, state, total, agents) {
  row.agents = new Set(agents);
  showState(row.querySelector(".word"), state);
  row.querySelector(".number").textContent = money(total);
  row.querySelector(".agents").textContent = [...row.agents].sort().join(", ");
}
