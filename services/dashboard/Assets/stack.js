// SPDX-License-Identifier: Apache-2.0

// The services of the stack: their replicas, and breakers that can be set manually.

import { get, post } from "/assets/api.js";
import { dateAndTime, make, seconds } from "/assets/format.js";

export async function showServices(ui) {
  const replicas = make("tbody");
  const breakers = make("tbody");
  ui.showContent(make("h1", { textContent: "Services" }), make("h2", { textContent: "Replicas" }),
    table("Replicas", ["Service", "Replica", "State", "Calls", "Uptime"], replicas), make("h2", { textContent: "Breakers" }),
    make("p", { className: "quiet", textContent: "A circuit breaker stops calls to an agent or a provider that keeps failing. Open: calls are blocked. Closed: calls go through." }),
    table("Breakers", ["Agent or provider", "State", "Failures", "Since", "Override"], breakers));

  let hasReportedError = false;
  async function load() {
    try {
      const { services } = await get("/api/replicas");
      const all = services.flatMap(({ service, replicas }) => replicas.map((each) => ({ service, ...each })));
      updateRows(replicas, all, ({ service, instance }) => `${service}/${instance}`, replicaRow);
      const found = await get("/api/breakers");
      updateRows(breakers, found.breakers, ({ agent }) => agent, (breaker) => breakerRow(breaker, ui, load));
      hasReportedError = false;
    } catch (error) {
      // The same error is not reported again every five seconds.
      if (!hasReportedError) ui.alertUser(error.message);
      hasReportedError = true;
    }
  }
  await load();
  const timer = setInterval(load, 5000);
  return () => clearInterval(timer);
}

function table(label, names, body) {
  return make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": label }, make("table", {},
    make("thead", {}, make("tr", {}, ...names.map((text) => make("th", { scope: "col", textContent: text })))), body));
}

/** Updates existing rows in place, so that the focus stays; adds new rows and removes old ones. */
function updateRows(body, items, keyOf, newRow) {
  const remaining = new Map([...body.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const row = remaining.get(key) ?? newRow(item);
    remaining.delete(key);
    row.dataset.key = key;
    row.update(item);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  for (const row of remaining.values()) row.remove();
}

/**
 * A row whose cells `texts(item)` fills on each `update(item)`. `kinds` holds the class of each cell, and the label that it has where the
 * table is too narrow for its head.
 */
function rowOf(kinds, texts, ...fixedCells) {
  const cells = kinds.map(([className, label]) => make("td", { className, ...(label && { "data-label": label }) }));
  const row = make("tr", {}, ...cells, ...fixedCells);
  row.update = (item) => texts(item).forEach((text, index) => {
    if (cells[index].textContent !== String(text)) cells[index].textContent = text;
  });
  return row;
}

function replicaRow() {
  const row = rowOf([[""], [""], ["word"], ["number", "calls"], ["number", "uptime"]], ({ service, instance, health, error }) => [service, instance,
    health ? health.status : "not responding", health ? `${health.in_flight} of ${health.capacity}` : error?.message || "",
    seconds(health?.uptime_s)]);
  const update = row.update;
  row.update = (item) => {
    update(item);
    row.children[2].dataset.tone = item.health?.status === "serving" ? "good" : "bad";
  };
  return row;
}

function breakerRow({ agent }, { notify, alertUser }, load) {
  const button = ([action, text]) => make("button", { type: "button", textContent: text, "aria-label": `${text}: ${agent}`, onclick: async () => {
    try {
      const breaker = await post(`/api/breakers/${agent}`, { action });
      notify(`The breaker of ${agent} is ${stateText(breaker)}.`);
    } catch (error) {
      alertUser(error.message);
    }
    load();
  } });
  const row = rowOf([[""], [""], ["number", "failures"], ["quiet", "since"]], (breaker) => [breaker.agent, stateText(breaker), breaker.failures, dateAndTime(breaker.since)],
    make("td", {}, make("div", { className: "row tight" }, ...[["open", "Open"], ["close", "Close"], ["reset", "Reset"]].map(button))));
  row.dataset.breaker = agent;
  return row;
}

const stateText = ({ state, forced }) => state.replace("_", " ") + (forced ? ", set manually" : "");
