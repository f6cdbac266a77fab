// The form that starts a job.

import { post, Refusal } from "/assets/api.js";
import { sortFiles, takesDrops } from "/assets/files.js";
import { make } from "/assets/format.js";
import { linesOf } from "/assets/json.js";
import { narrationField } from "/assets/narrations.js";
import { optionFields } from "/assets/options.js";
import { verdict } from "/assets/verdict.js";

const sample = `{
  "segments": [
    {"id": "seg_001", "duration": 4, "visual_guidance": "A lighthouse at dusk", "narration": "Every evening the light comes on."},
    {"id": "seg_002", "duration": 4, "visual_guidance": "The keeper climbs the stairs", "narration": "Somebody has to climb the stairs."}
  ]
}`;
/** Bytes of a storyboard that the server takes, and levels. */
const largest = 8 * 1024 * 1024, deepest = 100;

export async function showStart(hands) {
  const storyboard = make("textarea", { name: "storyboard", rows: 16, spellcheck: false, placeholder: sample, required: true });
  const user = make("input", { name: "user", value: "web", required: true });
  const session = make("input", { name: "session", placeholder: "made for you" });
  const more = make("textarea", { name: "more", rows: 2, spellcheck: false, placeholder: '{"width": 1280, "height": 720, "loudness_lufs": -16}' });
  const options = optionFields();
  const told = verdict(storyboard);
  const narrations = narrationField((files) => give(files));
  const give = async (files) => told.refuse(await sortFiles(files, { takeBoard: (text) => { storyboard.value = text; }, takeSounds: narrations.take }));

  async function request(withSound) {
    const body = { user_id: user.value.trim(), pipeline_data: { storyboard: parsed(storyboard.value) },
      options: { ...parsedOptions(more.value), ...options.values() } };
    if (session.value.trim()) body.session_id = session.value.trim();
    if (withSound && narrations.size()) body.pipeline_data.audio = await narrations.send(told.say);
    checkSize(body.pipeline_data.storyboard);
    return body;
  }

  /** What it would cost. What is wrong with a storyboard is told before narrations are sent anywhere. */
  async function estimate() {
    const silent = await post("/api/estimate", await request(false));
    return narrations.size() ? post("/api/estimate", await request(true)) : silent;
  }

  let isBusy = false;
  const guarded = (act) => async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    told.clear();
    await act().catch((error) => told.refuse(textsOf(error), error.line));
    isBusy = false;
  };
  const check = make("button", { type: "button", textContent: "What would it cost?", onclick: guarded(async () => told.price(await estimate())) });
  const form = make("form", {}, boardField(storyboard, give), narrations.element,
    make("fieldset", {}, make("legend", { textContent: "Options" }),
      make("div", { className: "fields" }, make("label", {}, "User ", user), make("label", {}, "Session ", session), ...options.elements),
      make("details", {}, make("summary", { textContent: "All other options" }), make("label", {}, "As JSON, with the names of orchestrator.start ", more))),
    ...told.elements, make("div", { className: "row" }, check, make("button", { className: "main", textContent: "Start" })));
  form.addEventListener("submit", guarded(async () => {
    // What is wrong is told here, and not by a job that has failed.
    await post("/api/estimate", await request(false));
    const started = await post("/api/jobs", await request(true));
    hands.tell("The job is started.");
    hands.go(`/jobs/${started.job_id}`);
  }));
  hands.open(make("h1", { textContent: "New job" }), form);
}

function boardField(storyboard, give) {
  const file = make("input", { type: "file", accept: ".json,application/json" });
  file.addEventListener("change", () => {
    give([...file.files]);
    file.value = "";
  });
  const element = make("div", { className: "drop" }, make("label", {}, make("b", { textContent: "Storyboard, as JSON" }), storyboard),
    make("label", { className: "choose" }, make("span", { className: "quiet", textContent: "Paste it, drop a file here, or choose one:" }), file));
  takesDrops(element, give);
  return element;
}

const textsOf = ({ detail, message }) => (detail?.includes("\n") ? detail.split("\n") : [message]);

/** The storyboard; throws a Refusal with the line of the fault. */
function parsed(text) {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const { line, message } = faultOf(text, error);
    throw Object.assign(new Refusal({ message: `the storyboard is not JSON: ${message}` }), { line });
  }
}

function parsedOptions(text) {
  if (!text.trim()) return {};
  let options;
  try {
    options = JSON.parse(text);
  } catch (error) {
    const { line, message } = faultOf(text, error);
    throw new Refusal({ message: `The other options are not JSON${line ? `, line ${line}` : ""}: ${message}` });
  }
  if (options === null || typeof options !== "object" || Array.isArray(options)) throw new Refusal({ message: "The other options are no JSON object." });
  return options;
}

function faultOf(text, error) {
  try {
    linesOf(text);
  } catch (fault) {
    return fault;
  }
  return error;
}

/** The server stops reading what is too large, and a browser would only say that it does not answer. */
function checkSize(storyboard) {
  if (depth(storyboard) > deepest) throw new Refusal({ message: `The storyboard is nested too deeply: at most ${deepest} levels.` });
  const { size } = new Blob([JSON.stringify(storyboard)]);
  if (size <= largest) return;
  const mebibytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  throw new Refusal({ message: `The storyboard is too large: it has ${mebibytes(size)}, of at most ${mebibytes(largest)}.` });
}

/** Levels of lists and objects, as far as it matters. */
function depth(value) {
  let level = [value], count = 0;
  while (count <= deepest && (level = level.filter((each) => each && typeof each === "object")).length) {
    level = level.flatMap((each) => Object.values(each));
    count++;
  }
  return count;
}
