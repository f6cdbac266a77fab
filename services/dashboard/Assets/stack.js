// The services behind the page: replicas, and breakers that can be moved by hand.

import { get, post } from "/assets/api.js";
import { make, moment, seconds, showWord } from "/assets/format.js";

export async function showStack(view, { say, alarm }) {
  const replicas = make("tbody");
  const breakers = make("tbody");
  const head = (...names) => make("thead", {}, make("tr", {}, ...names.map((text) => make("th", { scope: "col", textContent: text }))));
  view.replaceChildren(make("h1", { textContent: "Services" }),
    make("h2", { textContent: "Replicas" }),
    make("div", { className: "scroll" }, make("table", {}, head("Service", "Replica", "State", "Calls", "Up for"), replicas)),
    make("h2", { textContent: "Breakers" }),
    make("p", { className: "quiet", textContent: "A breaker keeps jobs from an agent or a provider that fails again and again. Open: nobody calls it. Closed: all do." }),
    make("div", { className: "scroll" }, make("table", {}, head("Of", "State", "Failures", "Since", "By hand"), breakers)));

  async function load() {
    try {
      const { services } = await get("/api/replicas");
      replicas.replaceChildren(...services.flatMap(({ service, replicas }) => replicas.map(({ instance, health, error }) => {
        const word = make("span", { className: "word", textContent: health ? health.status : "does not answer" });
        word.dataset.tone = health?.status === "serving" ? "good" : "bad";
        return make("tr", {}, make("td", { textContent: service }), make("td", { textContent: instance }), make("td", {}, word),
          make("td", { className: "number", textContent: health ? `${health.in_flight} of ${health.capacity}` : error?.message || "" }),
          make("td", { className: "number", textContent: seconds(health?.uptime_s) }));
      })));
      const found = await get("/api/breakers");
      breakers.replaceChildren(...found.breakers.map((each) => {
        const row = make("tr", {}, make("td", { textContent: each.agent }),
          make("td", { textContent: each.state.replace("_", " ") + (each.forced ? ", held by hand" : "") }),
          make("td", { className: "number", textContent: each.failures }), make("td", { className: "quiet", textContent: moment(each.since) }),
          make("td", {}, ...[["open", "Open"], ["close", "Close"], ["reset", "Let it decide"]].map(([action, text]) => make("button", {
            type: "button", textContent: text, "aria-label": `${text}: ${each.agent}`,
            onclick: async () => {
              try {
                const now = await post(`/api/breakers/${each.agent}`, { action });
                say(`The breaker of ${each.agent} is ${now.state}.`);
              } catch (error) {
                alarm(error.message);
              }
              load();
            },
          }))));
        row.dataset.breaker = each.agent;
        return row;
      }));
    } catch (error) {
      alarm(error.message);
    }
  }
  await load();
  const timer = setInterval(load, 5000);
  return () => clearInterval(timer);
}
