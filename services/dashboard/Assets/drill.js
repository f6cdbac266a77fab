// The drill: what can go wrong with the lead, rehearsed on services of its own; the table fills as the faults are played.

import { get, post } from "/assets/api.js";
import { make, money, seconds } from "/assets/format.js";

export async function showDrill({ open, alarm }) {
  const begin = make("button", { type: "button", className: "main", textContent: "Play the drill", onclick: () => act("/api/drill") });
  const stop = make("button", { type: "button", textContent: "Stop", hidden: true, onclick: () => act("/api/drill/stop") });
  const progress = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "Faults played" });
  const verdict = make("p", { role: "status" });
  const rows = make("tbody");
  const names = ["Fault", "Expected", "What happened", "Asked", "Takeover", "Film", "Cost", "Verdict"];
  open(make("h1", { textContent: "Drill" }),
    make("p", { className: "quiet", textContent: "Plays what can go wrong with the lead against real services of its own. Nothing is spent, and jobs that run notice nothing. It takes a minute or two." }),
    make("div", { className: "row" }, begin, stop), progress, verdict,
    make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Faults" }, make("table", { className: "drill" },
      make("thead", {}, make("tr", {}, ...names.map((text) => make("th", { scope: "col", textContent: text })))), rows)));

  let before = "", timer, isGone = false, isBusy = false;
  async function act(path) {
    if (isBusy) return;
    isBusy = true;
    try {
      show(await post(path));
    } catch (error) {
      alarm(error.message);
    }
    isBusy = false;
    load();
  }

  function cells(number, fault, result) {
    const word = make("span", { className: "word", textContent: result ? (result.passed ? "passed" : "failed") : "" });
    if (result) word.dataset.tone = result.passed ? "good" : "bad";
    const row = make("tr", {}, make("th", { scope: "row", textContent: fault.fault }), make("td", { className: "quiet told", textContent: fault.expected }),
      make("td", { className: "told", textContent: result?.observed || "" }), make("td", { className: "number", textContent: result ? `${result.attempts}×` : "" }),
      make("td", { className: "number", textContent: result?.takeover_s == null ? "" : seconds(result.takeover_s) }),
      make("td", { textContent: result ? (result.film_ok ? "decodes" : "none") : "" }),
      make("td", { className: "number", textContent: result ? money(result.cost_usd) : "" }), make("td", {}, word));
    row.dataset.fault = number;
    row.dataset.verdict = result ? (result.passed ? "passed" : "failed") : "";
    return row;
  }

  function show(drill) {
    const { state, faults, results } = drill;
    const isPlaying = state === "playing";
    // Only rows that have changed are drawn anew.
    faults.forEach((fault, index) => {
      const now = rows.children[index];
      const verdict = results[index] ? (results[index].passed ? "passed" : "failed") : "";
      if (now?.dataset.verdict === verdict && now.dataset.observed === (results[index]?.observed ?? "")) return;
      const row = cells(index + 1, fault, results[index]);
      row.dataset.observed = results[index]?.observed ?? "";
      if (now) now.replaceWith(row);
      else rows.append(row);
    });
    [...rows.children].forEach((row, index) => {
      if (isPlaying && index === results.length) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    const hadFocus = [begin, stop].includes(document.activeElement);
    begin.hidden = isPlaying;
    stop.hidden = !isPlaying;
    if (hadFocus) (isPlaying ? stop : begin).focus();
    progress.hidden = !isPlaying;
    progress.value = faults.length ? results.length / faults.length : 0;
    const failed = results.filter(({ passed }) => !passed).length;
    const text = {
      idle: "", playing: results.length ? `${results.length} of ${faults.length} played` : "The services of the drill are being started.",
      ended: failed ? `${failed} of ${results.length} failed.` : `All ${results.length} passed.`,
      stopped: `Stopped after ${results.length} of ${faults.length}.`, failed: drill.error?.message || "The drill could not be played.",
    }[state];
    if (verdict.textContent !== text) verdict.textContent = text;
    if (before === "playing" && state === "ended" && failed) alarm(`The drill is over: ${text}`);
    before = state;
  }

  async function load() {
    clearTimeout(timer);
    try {
      const drill = await get("/api/drill");
      if (isGone) return;
      show(drill);
      timer = setTimeout(load, drill.state === "playing" ? 500 : 5000);
    } catch (error) {
      if (isGone) return;
      if (verdict.textContent !== error.message) verdict.textContent = error.message;
      // An image with no `understudy` in it has no drill: that stays so.
      begin.disabled = error.status !== 0;
      if (!begin.disabled) timer = setTimeout(load, 2000);
    }
  }
  await load();
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}
