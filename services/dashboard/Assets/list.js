// The list of jobs: filters, search, pages; rows change as messages come.

import { get, post } from "/assets/api.js";
import { watch } from "/assets/watch.js";
import { count, make, moment, money, showWord } from "/assets/format.js";

const page = 50, most = 1000;
const wholePages = (shown) => Math.min(most, Math.max(1, Math.ceil(shown / page)) * page);

export async function showList(hands) {
  const filters = filterForm(hands, () => restart());
  const rows = jobRows();
  const more = make("button", { type: "button", textContent: "Show more", hidden: true, onclick: () => fetchRows({ isMore: true, limit: page }) });
  const empty = make("p", { className: "quiet", hidden: true });
  hands.open(make("h1", { textContent: "Jobs" }), filters.form, rows.element, empty, more);

  let next, timer, turn = Promise.resolve();
  const waiting = new Set();
  // Jobs that a page further down holds: what they do is not shown.
  const beyond = new Set();

  /** Asks for the rows behind the last one, or for all that are shown once more; one question after the other. */
  const fetchRows = ({ isMore = false, limit = wholePages(rows.size()) } = {}) => (turn = turn.then(async () => {
    const after = isMore ? [["after", next]] : [];
    try {
      const found = await get(`/api/jobs?${new URLSearchParams([...filters.wanted(), ["limit", limit], ...after])}`);
      rows.show(found.jobs, !isMore);
      for (const job of found.jobs) beyond.delete(job.job_id);
      next = found.next;
    } catch (error) {
      hands.alarm(error.message);
    }
    more.hidden = !next;
    empty.hidden = rows.size() > 0;
    empty.replaceChildren(...nothing(filters.wanted()));
  }));

  function restart() {
    beyond.clear();
    return fetchRows({ limit: page });
  }

  /** The list anew, once for many messages: what came, went or fits the filters now is in its place then. */
  function renew() {
    timer ??= setTimeout(async () => {
      timer = null;
      const asked = [...waiting];
      waiting.clear();
      await fetchRows();
      for (const job of asked) if (!rows.has(job)) beyond.add(job);
    }, 300);
  }

  function take(message) {
    const job = message.jobId;
    if (rows.has(job)) {
      rows.update(message);
      if (!filters.fits(message)) renew();
    } else if (filters.fits(message) && !beyond.has(job)) {
      waiting.add(job);
      renew();
    }
  }

  await fetchRows();
  const stop = watch(null, ({ snapshot, message, away }) => {
    if (away != null) hands.link(away);
    // What was told between the list and the first message is in neither.
    if (snapshot) renew();
    if (message) take(message);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** Why the list is empty. */
function nothing(wanted) {
  if (wanted.length) return ["No job fits. ", make("a", { href: "/", textContent: "Show all jobs" }), "."];
  return ["No job here yet. ", make("a", { href: "/jobs/new", textContent: "Start one" }), "."];
}

function filterForm(hands, changed) {
  const query = new URLSearchParams(location.search);
  const search = make("input", { type: "search", name: "q", value: query.get("q") || "", placeholder: "job, user or session" });
  const state = make("select", { name: "state" }, ...["", "queued", "running", "finished", "error", "cancelled"].map((each) =>
    make("option", { value: each, selected: each === (query.get("state") || ""), textContent: { "": "all", queued: "waiting", error: "failed" }[each] ?? each })));
  const again = make("button", { type: "button", textContent: "Retry all failed jobs", onclick: () => retryAll(hands, changed) });
  const form = make("form", { className: "row", role: "search" }, make("label", {}, "Search ", search), make("label", {}, "State ", state),
    make("button", { textContent: "Show" }), again);
  const wanted = () => [["q", search.value.trim()], ["state", state.value]].filter(([, value]) => value);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = new URLSearchParams(wanted()).toString();
    history.replaceState(null, "", text ? `/?${text}` : "/");
    changed();
  });
  state.addEventListener("change", () => form.requestSubmit());

  /** Whether a job that a message speaks of belongs here. */
  function fits({ jobId, userId, sessionId, jobState }) {
    const words = search.value.trim().toLowerCase();
    return (!state.value || state.value === jobState) && [jobId, userId, sessionId].some((text) => text?.toLowerCase().includes(words));
  }
  return { form, wanted, fits };
}

async function retryAll({ tell, alarm, ask }, changed) {
  try {
    const { jobs, next } = await get(`/api/jobs?state=error&limit=${most}`);
    if (!jobs.length) return tell("No job has failed.");
    const all = next ? `more than ${most} jobs` : count(jobs.length, "job");
    if (!await ask(`Run ${all} again? What is missing is made anew, and paid for.`, "Run again")) return;
    const { retried, failed } = await post("/api/retry-failed");
    tell(`${count(retried.length, "job")} run${retried.length === 1 ? "s" : ""} again, ${failed.length} could not.`);
    changed();
  } catch (error) {
    alarm(error.message);
  }
}

/** The table's rows by job, in the order that the server gave. */
function jobRows() {
  const body = make("tbody");
  const rows = new Map();
  const element = make("div", { className: "scroll" }, make("table", { className: "jobs" },
    make("caption", { className: "unseen", textContent: "Jobs, newest first" }),
    make("thead", {}, make("tr", {}, ...["Session", "State", "Agents", "Cost", "Begun"].map((text) => make("th", { scope: "col", textContent: text })))), body));

  /** Rows that are there stay, with the focus; others come and go. */
  function show(jobs, isWhole) {
    const kept = new Set(jobs.map(({ job_id }) => job_id));
    if (isWhole) for (const [id, row] of rows) if (!kept.has(id)) drop(id, row);
    jobs.forEach((job, index) => {
      const row = rows.get(job.job_id) ?? newRow(job);
      rows.set(job.job_id, row);
      fill(row, job.state, job.costs.total, Object.keys(job.agents));
      if (!isWhole && !row.isConnected) body.append(row);
      else if (isWhole && body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    });
  }

  function drop(id, row) {
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
    make("td", { className: "number" }), make("td", { className: "quiet", textContent: moment(job.created_at) }));
  row.dataset.job = job.job_id;
  return row;
}

function fill(row, state, total, agents) {
  row.agents = new Set(agents);
  showWord(row.querySelector(".word"), state);
  row.querySelector(".number").textContent = money(total);
  row.querySelector(".agents").textContent = [...row.agents].sort().join(", ");
}
