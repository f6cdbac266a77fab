// The list of jobs: filters, search, pages; rows change as messages come.

import { get, post } from "/assets/api.js";
import { watch } from "/assets/watch.js";
import { make, moment, money, showWord } from "/assets/format.js";

export async function showList(view, { say, alarm, link }) {
  const query = new URLSearchParams(location.search);
  const search = make("input", { type: "search", name: "q", value: query.get("q") || "", placeholder: "job, user or session" });
  const state = make("select", { name: "state" }, ...["", "queued", "running", "finished", "error", "cancelled"].map((each) =>
    make("option", { value: each, selected: each === (query.get("state") || ""), textContent: each === "error" ? "failed" : each || "all" })));
  const form = make("form", { className: "row", role: "search" }, make("label", {}, "Search ", search), make("label", {}, "State ", state),
    make("button", { textContent: "Show" }),
    make("button", { type: "button", textContent: "Retry all failed jobs", onclick: async () => {
      try {
        const { retried, failed } = await post("/api/retry-failed");
        say(`${retried.length} jobs run again, ${failed.length} could not.`);
        load();
      } catch (error) {
        alarm(error.message);
      }
    } }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams([["q", search.value.trim()], ["state", state.value]].filter(([, value]) => value));
    history.replaceState(null, "", wanted.size ? `/?${wanted}` : "/");
    load();
  });
  state.addEventListener("change", () => form.requestSubmit());

  const body = make("tbody");
  const table = make("table", { className: "jobs" }, make("caption", { className: "unseen", textContent: "Jobs, newest first" }),
    make("thead", {}, make("tr", {}, ...["Session", "State", "Agents", "Cost", "Begun"].map((text) => make("th", { scope: "col", textContent: text })))), body);
  const more = make("button", { type: "button", textContent: "Show more", hidden: true, onclick: () => load(next) });
  const empty = make("p", { className: "quiet", hidden: true });
  view.replaceChildren(make("h1", { textContent: "Jobs" }), form, make("div", { className: "scroll" }, table), empty, more);

  const rows = new Map();
  let next;
  async function load(after) {
    const wanted = new URLSearchParams({ limit: 50 });
    if (search.value.trim()) wanted.set("q", search.value.trim());
    if (state.value) wanted.set("state", state.value);
    if (after) wanted.set("after", after);
    try {
      const page = await get(`/api/jobs?${wanted}`);
      if (!after) {
        rows.clear();
        body.replaceChildren();
      }
      for (const job of page.jobs) add(job);
      next = page.next;
      more.hidden = !next;
      empty.hidden = rows.size > 0;
      empty.replaceChildren("No job here yet. ", make("a", { href: "/jobs/new", textContent: "Start one" }), ".");
    } catch (error) {
      alarm(error.message);
    }
  }

  function add(job, isNew = false) {
    const row = make("tr", {},
      make("td", {}, make("a", { href: `/jobs/${encodeURIComponent(job.job_id)}`, textContent: job.session_id }), make("br"),
        make("span", { className: "quiet", textContent: job.user_id })),
      make("td", {}, make("span", { className: "word" })), make("td", { className: "agents quiet" }),
      make("td", { className: "number" }), make("td", { className: "quiet", textContent: moment(job.created_at) }));
    row.dataset.job = job.job_id;
    rows.set(job.job_id, row);
    if (isNew) body.prepend(row);
    else body.append(row);
    update(row, job.state, job.costs.total, Object.keys(job.agents).sort().join(", "));
    empty.hidden = true;
  }

  function update(row, state, total, agents) {
    showWord(row.querySelector(".word"), state);
    row.querySelector(".number").textContent = money(total);
    if (agents != null) row.querySelector(".agents").textContent = agents;
  }

  await load();
  return watch(null, async ({ message, away }) => {
    if (away != null) link(away);
    if (!message) return;
    const row = rows.get(message.jobId);
    if (row) return update(row, message.jobState, message.costs.total, row.querySelector(".agents").textContent.split(", ")
      .concat(message.agentNumber).filter((name, index, all) => name && all.indexOf(name) === index).sort().join(", "));
    if (search.value || state.value) return;
    const job = await get(`/api/jobs/${encodeURIComponent(message.jobId)}`).catch(() => null);
    if (job && !rows.has(job.job_id)) add(job, true);
  });
}
