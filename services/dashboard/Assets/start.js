// SPDX-License-Identifier: Apache-2.0

// The form that starts a job.

import { post, RequestError } from "/assets/api.js";
import { acceptDrops, sortFiles } from "/assets/files.js";
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
/** The bytes and the levels that the server accepts of a storyboard. */
const maximumBytes = 8 * 1024 * 1024, maximumDepth = 100;

export async function showForm(ui) {
  const storyboard = make("textarea", { name: "storyboard", rows: 16, spellcheck: false, placeholder: sample, required: true });
  const user = make("input", { name: "user", value: "web", required: true });
  const session = make("input", { name: "session", placeholder: "generated if empty" });
  const more = make("textarea", { name: "more", rows: 2, spellcheck: false, placeholder: '{"width": 1280, "height": 720, "loudness_lufs": -16}' });
  const options = optionFields();
  const result = verdict(storyboard);
  const narrations = narrationField((files) => addFiles(files));
  const addFiles = async (files) => result.showViolations(await sortFiles(files,
    { setStoryboard: (text) => { storyboard.value = text; }, addNarrations: narrations.add }));

  async function parameters(withNarrations) {
    const body = { user_id: user.value.trim(), pipeline_data: { storyboard: parseStoryboard(storyboard.value) },
      options: { ...parseOptions(more.value), ...options.values() } };
    if (session.value.trim()) body.session_id = session.value.trim();
    if (withNarrations && narrations.size()) body.pipeline_data.audio = await narrations.upload(result.showStatus);
    checkSize(body.pipeline_data.storyboard);
    return body;
  }

  /** Requests an estimate. The storyboard is checked before narrations are uploaded. */
  async function estimate() {
    const silent = await post("/api/estimate", await parameters(false));
    return narrations.size() ? post("/api/estimate", await parameters(true)) : silent;
  }

  let isBusy = false;
  const guarded = (act) => async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    result.clear();
    await act().catch((error) => result.showViolations(textsOf(error), error.line));
    isBusy = false;
  };
  const check = make("button", { type: "button", textContent: "Estimate the cost", onclick: guarded(async () => result.showEstimate(await estimate())) });
  const form = make("form", {}, storyboardField(storyboard, addFiles), narrations.element,
    make("fieldset", {}, make("legend", { textContent: "Options" }),
      make("div", { className: "fields" }, make("label", {}, "User ", user), make("label", {}, "Session ", session), ...options.elements),
      make("details", {}, make("summary", { textContent: "More options" }), make("label", {}, "JSON with the option names of orchestrator.start ", more))),
    ...result.elements, make("div", { className: "row" }, check, make("button", { className: "main", textContent: "Start" })));
  form.addEventListener("submit", guarded(async () => {
    // Violations are shown here instead of by a job that fails.
    await post("/api/estimate", await parameters(false));
    const started = await post("/api/jobs", await parameters(true));
    ui.notify("The render has started.");
    ui.navigate(`/jobs/${started.job_id}`);
  }));
  ui.showContent(make("h1", { textContent: "New film" }), form);
}

function storyboardField(storyboard, onFiles) {
  const file = make("input", { type: "file", accept: ".json,application/json" });
  file.addEventListener("change", () => {
    onFiles([...file.files]);
    file.value = "";
  });
  const element = make("div", { className: "drop" }, make("label", {}, make("b", { textContent: "Storyboard (JSON)" }), storyboard),
    make("label", { className: "choose" }, make("span", { className: "quiet", textContent: "Paste it, drop a file here, or choose a file:" }), file));
  acceptDrops(element, onFiles);
  return element;
}

const textsOf = ({ detail, message }) => (detail?.includes("\n") ? detail.split("\n") : [message]);

/** The storyboard; throws a RequestError with the line of a syntax error. */
function parseStoryboard(text) {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const { line, message } = syntaxError(text, error);
    throw Object.assign(new RequestError({ message: `the storyboard is not valid JSON: ${message}` }), { line });
  }
}

function parseOptions(text) {
  if (!text.trim()) return {};
  let options;
  try {
    options = JSON.parse(text);
  } catch (error) {
    const { line, message } = syntaxError(text, error);
    throw new RequestError({ message: `More options: not valid JSON${line ? `, line ${line}` : ""}: ${message}` });
  }
  if (options === null || typeof options !== "object" || Array.isArray(options)) throw new RequestError({ message: "More options: expected a JSON object." });
  return options;
}

/** The syntax error of a text with its line; the browser's own error if there is none. */
function syntaxError(text, browserError) {
  try {
    linesOf(text);
  } catch (error) {
    return error;
  }
  return browserError;
}

/** Checks the bounds of a storyboard. The server closes the connection on a body that is too large, which browsers cannot explain. */
function checkSize(storyboard) {
  if (depth(storyboard) > maximumDepth) throw new RequestError({ message: `The storyboard is nested too deeply: the limit is ${maximumDepth} levels.` });
  const { size } = new Blob([JSON.stringify(storyboard)]);
  if (size <= maximumBytes) return;
  const mebibytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  throw new RequestError({ message: `The storyboard is too large: ${mebibytes(size)}; the limit is ${mebibytes(maximumBytes)}.` });
}

/** The number of nested arrays and objects, counted to one more than the limit. */
function depth(value) {
  let level = [value], count = 0;
  while (count <= maximumDepth && (level = level.filter((each) => each && typeof each === "object")).length) {
    level = level.flatMap((each) => Object.values(each));
    count++;
  }
  return count;
}
