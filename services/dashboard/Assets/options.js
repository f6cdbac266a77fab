// The options of a job that the form has a field for, with their defaults.

import { get } from "/assets/api.js";
import { make, money } from "/assets/format.js";

/** A choice of a default, which sends nothing, and others. */
function choice(name, without, ...others) {
  return make("select", { name }, make("option", { value: "", textContent: without }),
    ...others.map(([value, textContent]) => make("option", { value, textContent })));
}

const number = (name, placeholder) => make("input", { type: "number", name, min: 0, step: "any", placeholder });

const labels = {
  mode: "Cuts", motion: "Motion", captions: "Captions", fit_narration: "A narration longer than its segment", image_provider: "Stills are drawn by", stitch_backend: "Stitched by",
  fallback: "When the lead delivers a part, make", on_image_failure: "When a still cannot be had",
  max_cost_usd: "Spend at most, in dollars", agent5_timeout_s: "Seconds that the lead may take",
};

/** -> labelled fields, and `values()`: options by their name; what is left empty is not sent. */
export function optionFields() {
  const fields = {
    mode: choice("mode", "simple: cuts", ["fade", "fade: cross-fades"]),
    motion: choice("motion", "none: stills", ["ken_burns", "slow zoom and pan"]),
    captions: choice("captions", "none", ["sidecar", "files beside the film"], ["soft", "a track of the film"], ["burned", "drawn into the picture"]),
    fit_narration: choice("fit_narration", "is cut", ["extend", "makes the segment longer"], ["speed", "is spoken faster, then cut"]),
    image_provider: choice("image_provider", "the services' own"),
    stitch_backend: choice("stitch_backend", "the services' own", ["local", "this machine"], ["mediaconvert", "AWS MediaConvert"], ["auto", "MediaConvert, else this machine"]),
    fallback: choice("fallback", "the whole film again", ["segments", "only what is missing"]),
    on_image_failure: choice("on_image_failure", "the film fails", ["card", "a card takes its place"]),
    max_cost_usd: number("max_cost_usd", "no limit"),
    agent5_timeout_s: number("agent5_timeout_s", "1800"),
  };
  addProviders(fields.image_provider);
  return {
    elements: Object.entries(fields).map(([name, field]) => make("label", {}, `${labels[name]} `, field)),
    values: () => Object.fromEntries(Object.entries(fields).filter(([, field]) => field.value !== "")
      .map(([name, field]) => [name, field.type === "number" ? +field.value : field.value])),
  };
}

async function addProviders(select) {
  const { providers } = await get("/api/providers").catch(() => ({ providers: [] }));
  for (const each of providers) {
    const text = `${each.name}, ${money(each.cost_usd)} a still${each.default ? ", the default" : ""}`;
    select.append(make("option", { value: each.name, textContent: text }));
  }
}
