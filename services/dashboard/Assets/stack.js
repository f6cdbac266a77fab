// The services behind the page: replicas, and breakers that can be moved by hand.

import { get, post } from "/assets/api.js";
import { make, moment, seconds } from "/assets/format.js";

export async function showStack(hands) {
  const { open, alarm } = hands;
  const replicas = make("tbody");
  const breakers = make("tbody");
  open(make("h1", { textContent: "Services" }), make("h2", { textContent: "Replicas" }),
    table("Replicas", ["Service", "Replica", "State", "Calls", "Up for"], replicas), make("h2", { textContent: "Breakers" }),
    make("p", { className: "quiet", textContent: "A breaker keeps jobs from an agent or a provider that fails again and again. Open: nobody calls it. Closed: all do." }),
    table("Breakers", ["Of", "State", "Failures", "Since", "By hand"], breakers));

  let isTold = false;
  async function load() {
    try {
      const { services } = await get("/api/replicas");
      const all = services.flatMap(({ service, replicas }) => replicas.map((each) => ({ service, ...each })));
      showRows(replicas, all, ({ service, instance }) => `${service}/${instance}`, replicaRow);
      const found = await get("/api/breakers");
      showRows(breakers, found.breakers, ({ agent }) => agent, (breaker) => breakerRow(breaker, hands, load));
      isTold = false;
    } catch (error) {
      // The same every five seconds is no news.
      if (!isTold) alarm(error.message);
      isTold = true;
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

/** Changes the rows that are there, so that the focus stays where it is; adds and removes only what came and went. */
function showRows(body, items, keyOf, newRow) {
  const known = new Map([...body.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const row = known.get(key) ?? newRow(item);
    known.delete(key);
    row.dataset.key = key;
    row.update(item);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  for (const row of known.values()) row.remove();
}

/** A row of cells that `texts` fills anew; each with its class and, where the table is narrow and has no head, its name. */
function rowOf(kinds, texts, ...fixed) {
  const cells = kinds.map(([className, label]) => make("td", { className, ...(label && { "data-label": label }) }));
  const row = make("tr", {}, ...cells, ...fixed);
  row.update = (item) => texts(item).forEach((text, index) => {
    if (cells[index].textContent !== String(text)) cells[index].textContent = text;
  });
  return row;
}

function replicaRow() {
  const row = rowOf([[""], [""], ["word"], ["number", "calls"], ["number", "up for"]], ({ service, instance, health, error }) => [service, instance,
    health ? health.status : "does not answer", health ? `${health.in_flight} of ${health.capacity}` : error?.message || "",
    seconds(health?.uptime_s)]);
  const update = row.update;
  row.update = (item) => {
    update(item);
    row.children[2].dataset.tone = item.health?.status === "serving" ? "good" : "bad";
  };
  return row;
}

function breakerRow({ agent }, { tell, alarm }, load) {
  const hand = ([action, text]) => make("button", { type: "button", textContent: text, "aria-label": `${text}: ${agent}`, onclick: async () => {
    try {
      const now = await post(`/api/breakers/${agent}`, { action });
      tell(`The breaker of ${agent} is ${stateOf(now)}.`);
    } catch (error) {
      alarm(error.message);
    }
    load();
  } });
  const row = rowOf([[""], [""], ["number", "failures"], ["quiet", "since"]], (breaker) => [breaker.agent, stateOf(breaker), breaker.failures, moment(breaker.since)],
    make("td", {}, make("div", { className: "row tight" }, ...[["open", "Open"], ["close", "Close"], ["reset", "Let it decide"]].map(hand))));
  row.dataset.breaker = agent;
  return row;
}

const stateOf = ({ state, forced }) => state.replace("_", " ") + (forced ? ", held by hand" : "");
