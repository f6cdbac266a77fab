// The form that starts a job.

import { post, upload, Refusal } from "/assets/api.js";
import { linesOf } from "/assets/json.js";
import { make, money, seconds } from "/assets/format.js";

const sample = `{
  "segments": [
    {"id": "seg_001", "duration": 4, "visual_guidance": "A lighthouse at dusk", "narration": "Every evening the light comes on."},
    {"id": "seg_002", "duration": 4, "visual_guidance": "The keeper climbs the stairs", "narration": "Somebody has to climb the stairs."}
  ]
}`;

export async function showStart(view, { go, say }) {
  const storyboard = make("textarea", { name: "storyboard", rows: 16, spellcheck: false, placeholder: sample, required: true });
  const file = make("input", { type: "file", accept: ".json,application/json" });
  const narrations = make("input", { type: "file", multiple: true, accept: "audio/*,.mp3,.wav,.m4a" });
  const user = make("input", { name: "user", value: "web", required: true });
  const session = make("input", { name: "session", placeholder: "made for you" });
  const fallback = make("select", {}, make("option", { value: "", textContent: "the whole film again" }), make("option", { value: "segments", textContent: "only what is missing" }));
  const limit = make("input", { type: "number", min: 0, step: "any", placeholder: "none" });
  const mode = make("select", {}, ...["simple", "fade"].map((value) => make("option", { value, textContent: value })));
  const problems = make("ul", { className: "violations" });
  const price = make("p", { role: "status" });
  const drop = make("div", { className: "drop" },
    make("label", {}, "Storyboard, as JSON: paste it, drop a file here, ", storyboard), make("label", {}, "or choose a file ", file));
  const check = make("button", { type: "button", textContent: "What would it cost?" });
  const start = make("button", { className: "main", textContent: "Start" });
  const form = make("form", {}, drop, make("fieldset", {}, make("legend", { textContent: "Narrations" }),
    make("label", {}, "One sound file for each segment, named by its id (seg_001.mp3) ", narrations)),
    make("fieldset", {}, make("legend", { textContent: "Options" }), make("div", { className: "row" },
      make("label", {}, "User ", user), make("label", {}, "Session ", session), make("label", {}, "When the lead fails in part, make ", fallback),
      make("label", {}, "Cuts ", mode), make("label", {}, "Spend at most, in dollars ", limit))),
    make("div", { role: "alert" }, problems), price, make("div", { className: "row" }, check, start));
  view.replaceChildren(make("h1", { textContent: "New job" }), form);

  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, async (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) storyboard.value = await event.dataTransfer.files[0].text();
    });
  }
  file.addEventListener("change", async () => { if (file.files[0]) storyboard.value = await file.files[0].text(); });

  const uploaded = new Map();
  let lines = new Map();
  async function request(withSound) {
    const text = storyboard.value;
    try {
      lines = linesOf(text);
    } catch (error) {
      throw new Refusal({ message: `The storyboard is not JSON, line ${error.line}: ${error.message}` });
    }
    const board = JSON.parse(text);
    const audio = {};
    if (withSound) {
      for (const each of narrations.files) {
        if (!uploaded.has(each)) uploaded.set(each, (await upload(each)).uri);
        audio[each.name.replace(/\.[^.]*$/, "")] = uploaded.get(each);
      }
    }
    const options = { mode: mode.value };
    if (fallback.value) options.fallback = fallback.value;
    if (limit.value !== "") options.max_cost_usd = +limit.value;
    const body = { user_id: user.value.trim(), pipeline_data: { storyboard: board }, options };
    if (session.value.trim()) body.session_id = session.value.trim();
    if (Object.keys(audio).length) body.pipeline_data.audio = audio;
    return body;
  }

  /** The line of the storyboard that a violation speaks of: of the value that its pointer leads to, or of what should hold it. */
  function lineOf(violation) {
    let pointer = /\/segments[^\s:]*/.exec(violation)?.[0] ?? "";
    while (pointer && !lines.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
    return pointer ? lines.get(pointer) : null;
  }

  function refuse(error) {
    const texts = error.detail?.includes("\n") ? error.detail.split("\n") : [error.message];
    problems.replaceChildren(...texts.filter(Boolean).map((text) => {
      const line = lineOf(text);
      return make("li", { textContent: line ? `Line ${line}: ${text}` : text });
    }));
  }

  const guarded = (act) => async (event) => {
    event.preventDefault();
    problems.replaceChildren();
    price.textContent = "";
    check.disabled = start.disabled = true;
    try {
      await act();
    } catch (error) {
      refuse(error);
    }
    check.disabled = start.disabled = false;
  };
  check.addEventListener("click", guarded(async () => {
    const estimate = await post("/api/estimate", await request(false));
    price.textContent = `${estimate.segments} segments, ${seconds(estimate.film_s)}: the understudy would take about `
      + `${seconds(estimate.seconds)} and cost ${money(estimate.cost_usd)}. What the lead charges comes on top.`
      + (estimate.fits ? "" : " That is more than it may spend.") + estimate.warnings.map((text) => ` ${text}.`).join("");
  }));
  form.addEventListener("submit", guarded(async () => {
    // What is wrong with a storyboard is told here, and not by a job that has failed.
    await post("/api/estimate", await request(false));
    const started = await post("/api/jobs", await request(true));
    say("The job is started.");
    go(`/jobs/${started.job_id}`);
  }));
}
