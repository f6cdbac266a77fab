// SPDX-License-Identifier: Apache-2.0

// The drill: faults of the lead, injected into separate services. The table fills while they are tested.

import { get, post } from "/assets/api.js";
import { make, money, seconds } from "/assets/format.js";

export async function showDrill({ showContent, alertUser }) {
  const start = make("button", { type: "button", className: "main", textContent: "Run the drill", onclick: () => act("/api/drill") });
  const stop = make("button", { type: "button", textContent: "Stop", hidden: true, onclick: () => act("/api/drill/stop") });
  const progress = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "Faults tested" });
  const summary = make("p", { role: "status" });
  const rows = make("tbody");
  const names = ["Fault", "Expected", "Observed", "Calls", "Takeover", "Film", "Cost", "Result"];
  showContent(make("h1", { textContent: "Drill" }),
    make("p", { className: "quiet", textContent: "Injects faults of Agent5 into a separate set of real services. It costs nothing, does not affect running renders, and takes one to two minutes." }),
    make("div", { className: "row" }, start, stop), progress, summary,
    make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Faults" }, make("table", { className: "drill" },
      make("thead", {}, make("tr", {}, ...names.map((text) => make("th", { scope: "col", textContent: text })))), rows)));

  let previousState = "", timer, hasLeft = false, isBusy = false;
  async function act(path) {
    if (isBusy) return;
    isBusy = true;
    try {
      show(await post(path));
    } catch (error) {
      alertUser(error.message);
    }
    isBusy = false;
    load();
  }

  const verdictOf = (result) => (result ? (result.passed ? "passed" : "failed") : "");

  function newRow(number, fault, result) {
    const verdict = make("span", { className: "word", textContent: verdictOf(result) });
    if (result) verdict.dataset.tone = result.passed ? "good" : "bad";
    const row = make("tr", {}, make("th", { scope: "row", textContent: fault.fault }), make("td", { className: "quiet prose", textContent: fault.expected }),
      make("td", { className: "prose", textContent: result?.observed || "" }), make("td", { className: "number", textContent: result ? `${result.attempts}×` : "" }),
      make("td", { className: "number", textContent: result?.takeover_s == null ? "" : seconds(result.takeover_s) }),
      make("td", { textContent: result ? (result.film_ok ? "decodes" : "none") : "" }),
      make("td", { className: "number", textContent: result ? money(result.cost_usd) : "" }), make("td", {}, verdict));
    row.dataset.fault = number;
    row.dataset.verdict = verdictOf(result);
    row.dataset.observed = result?.observed ?? "";
    return row;
  }

  function show(drill) {
    const { state, faults, results } = drill;
    const isRunning = state === "playing";
    // Unchanged rows stay as they are.
    faults.forEach((fault, index) => {
      const [row, result] = [rows.children[index], results[index]];
      if (row?.dataset.verdict === verdictOf(result) && row.dataset.observed === (result?.observed ?? "")) return;
      const fresh = newRow(index + 1, fault, result);
      if (row) row.replaceWith(fresh);
      else rows.append(fresh);
    });
    [...rows.children].forEach((row, index) => {
      if (isRunning && index === results.length) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    const hadFocus = [start, stop].includes(document.activeElement);
    start.hidden = isRunning;
    stop.hidden = !isRunning;
    if (hadFocus) (isRunning ? stop : start).focus();
    progress.hidden = !isRunning;
    progress.value = faults.length ? results.length / faults.length : 0;
    const failed = results.filter(({ passed }) => !passed).length;
    const text = {
      idle: "", playing: results.length ? `${results.length} of ${faults.length} tested` : "Starting the services of the drill…",
      ended: failed ? `${failed} of ${results.length} failed.` : `All ${results.length} passed.`,
      stopped: `Stopped after ${results.length} of ${faults.length}.`, failed: drill.error?.message || "The drill could not be run.",
    }[state];
    if (summary.textContent !== text) summary.textContent = text;
    if (previousState === "playing" && state === "ended" && failed) alertUser(`The drill has ended: ${text}`);
    previousState = state;
  }

  async function load() {
    clearTimeout(timer);
    try {
      const drill = await get("/api/drill");
      if (hasLeft) return;
      show(drill);
      timer = setTimeout(load, drill.state === "playing" ? 500 : 5000);
    } catch (error) {
      if (hasLeft) return;
      if (summary.textContent !== error.message) summary.textContent = error.message;
      // A dashboard without the program `understudy` has no drill: asking again cannot change that.
      start.disabled = error.status !== 0;
      if (!start.disabled) timer = setTimeout(load, 2000);
    }
  }
  await load();
  return () => {
    hasLeft = true;
    clearTimeout(timer);
  };
}
