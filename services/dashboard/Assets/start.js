// The form that starts a job.

import { get, post, upload, Refusal } from "/assets/api.js";
import { linesOf } from "/assets/json.js";
import { make, money, seconds } from "/assets/format.js";

const sample = `{
  "segments": [
    {"id": "seg_001", "duration": 4, "visual_guidance": "A lighthouse at dusk", "narration": "Every evening the light comes on."},
    {"id": "seg_002", "duration": 4, "visual_guidance": "The keeper climbs the stairs", "narration": "Somebody has to climb the stairs."}
  ]
}`;

/** A choice of a default, which sends nothing, and others. */
function choice(name, without, ...others) {
  return make("select", { name }, make("option", { value: "", textContent: without }),
    ...others.map(([value, textContent]) => make("option", { value, textContent })));
}

const number = (name, placeholder) => make("input", { type: "number", name, min: 0, step: "any", placeholder });

/** Lets files be dropped on an element. */
function takesDrops(element, take) {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    element.addEventListener(kind, (event) => {
      event.preventDefault();
      element.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    });
  }
}

export async function showStart(view, { go, say }) {
  const storyboard = make("textarea", { name: "storyboard", rows: 16, spellcheck: false, placeholder: sample, required: true });
  const file = make("input", { type: "file", accept: ".json,application/json" });
  const sounds = make("input", { type: "file", multiple: true, accept: "audio/*,.mp3,.wav,.m4a,.aac,.flac,.ogg,.opus" });
  const user = make("input", { name: "user", value: "web", required: true });
  const session = make("input", { name: "session", placeholder: "made for you" });
  const provider = choice("image_provider", "the services' own");
  // By the option's name; what is left empty is not sent.
  const options = {
    mode: choice("mode", "simple: cuts", ["fade", "fade: cross-fades"]),
    motion: choice("motion", "none: stills", ["ken_burns", "slow zoom and pan"]),
    captions: choice("captions", "none", ["sidecar", "files beside the film"], ["soft", "a track of the film"], ["burned", "drawn into the picture"]),
    image_provider: provider,
    stitch_backend: choice("stitch_backend", "the services' own", ["local", "this machine"], ["mediaconvert", "AWS MediaConvert"], ["auto", "MediaConvert, else this machine"]),
    fallback: choice("fallback", "the whole film again", ["segments", "only what is missing"]),
    on_image_failure: choice("on_image_failure", "the film fails", ["card", "a card takes its place"]),
    max_cost_usd: number("max_cost_usd", "no limit"),
    agent5_timeout_s: number("agent5_timeout_s", "1800"),
  };
  const labels = {
    mode: "Cuts", motion: "Motion", captions: "Captions", image_provider: "Stills are drawn by", stitch_backend: "Stitched by",
    fallback: "When the lead delivers a part, make", on_image_failure: "When a still cannot be had",
    max_cost_usd: "Spend at most, in dollars", agent5_timeout_s: "Seconds that the lead may take",
  };
  const more = make("textarea", { name: "more", rows: 2, spellcheck: false, placeholder: '{"width": 1280, "height": 720, "loudness_lufs": -16}' });
  const problems = make("ul", { className: "violations" });
  const price = make("p", { role: "status" });
  const board = make("div", { className: "drop" },
    make("label", {}, "Storyboard, as JSON: paste it, drop a file here, ", storyboard), make("label", {}, "or choose a file ", file));
  const heard = make("ul", { "aria-label": "Narrations that were given" });
  const voices = make("fieldset", { className: "drop" }, make("legend", { textContent: "Narrations" }),
    make("label", {}, "One sound file for each segment, named by its id (seg_001.mp3): drop them here, or choose them ", sounds), heard);
  const check = make("button", { type: "button", textContent: "What would it cost?" });
  const start = make("button", { className: "main", textContent: "Start" });
  const form = make("form", {}, board, voices,
    make("fieldset", {}, make("legend", { textContent: "Options" }), make("div", { className: "fields" },
      make("label", {}, "User ", user), make("label", {}, "Session ", session),
      ...Object.entries(options).map(([name, input]) => make("label", {}, `${labels[name]} `, input))),
    make("details", {}, make("summary", { textContent: "All other options" }), make("label", {}, "As JSON, with the names of orchestrator.start ", more))),
    make("div", { role: "alert" }, problems), price, make("div", { className: "row" }, check, start));
  view.replaceChildren(make("h1", { textContent: "New job" }), form);
  get("/api/providers").then(({ providers }) => {
    for (const each of providers) {
      provider.append(make("option", { value: each.name, textContent: `${each.name}, ${money(each.cost_usd)} a still${each.default ? ", the default" : ""}` }));
    }
  }).catch(() => { /* the default is there without them */ });

  const takeBoard = async ([first]) => { storyboard.value = await first.text(); };
  takesDrops(board, takeBoard);
  file.addEventListener("change", () => { if (file.files.length) takeBoard(file.files); });

  const narrations = new Map();
  function takeSounds(files) {
    for (const each of files) narrations.set(each.name.replace(/\.[^.]*$/, ""), { file: each });
    heard.replaceChildren(...[...narrations].map(([id, { file }]) => make("li", {}, `${id}: ${file.name} `,
      make("button", { type: "button", className: "small", textContent: "Remove", "aria-label": `Remove ${file.name}`, onclick: () => {
        narrations.delete(id);
        takeSounds([]);
      } }))));
  }
  takesDrops(voices, takeSounds);
  sounds.addEventListener("change", () => { takeSounds([...sounds.files]); sounds.value = ""; });

  function parsed(text, name) {
    try {
      return [JSON.parse(text), linesOf(text)];
    } catch (error) {
      let { line, message } = error;
      try { linesOf(text); } catch (fault) { ({ line, message } = fault); }
      throw new Refusal({ message: `${name} not JSON, line ${line}: ${message}` });
    }
  }

  let lines = new Map();
  async function request(withSound) {
    const [content, found] = parsed(storyboard.value, "The storyboard is");
    lines = found;
    const [chosen] = more.value.trim() ? parsed(more.value, "The other options are") : [{}];
    for (const [name, input] of Object.entries(options)) {
      if (input.value !== "") chosen[name] = input.type === "number" ? +input.value : input.value;
    }
    const body = { user_id: user.value.trim(), pipeline_data: { storyboard: content }, options: chosen };
    if (session.value.trim()) body.session_id = session.value.trim();
    if (withSound && narrations.size) {
      body.pipeline_data.audio = {};
      for (const [id, each] of narrations) body.pipeline_data.audio[id] = each.uri ??= (await upload(each.file)).uri;
    }
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
