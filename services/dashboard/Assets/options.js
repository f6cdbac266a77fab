// SPDX-License-Identifier: Apache-2.0

// The options of a job that have a field in the form, with their defaults.

import { get } from "/assets/api.js";
import { make, money } from "/assets/format.js";

/** A menu whose first entry stands for the default, for which no value is sent. */
function menu(name, defaultText, ...others) {
  return make("select", { name }, make("option", { value: "", textContent: defaultText }),
    ...others.map(([value, textContent]) => make("option", { value, textContent })));
}

const numberField = (name, placeholder) => make("input", { type: "number", name, min: 0, step: "any", placeholder });

const labels = {
  mode: "Transitions", motion: "Motion", captions: "Captions", fit_narration: "If a narration is too long", image_provider: "Image provider", stitch_backend: "Stitching",
  fallback: "If Agent5 delivers only a part", on_image_failure: "If a still cannot be made",
  max_cost_usd: "Maximum cost, in dollars", agent5_timeout_s: "Time limit for Agent5, in seconds",
};

/** Returns labelled fields, and `values()`: options by their names, without those that are left empty. */
export function optionFields() {
  const fields = {
    mode: menu("mode", "cuts", ["fade", "cross-fades"]),
    motion: menu("motion", "none", ["ken_burns", "slow zoom and pan"]),
    captions: menu("captions", "none", ["sidecar", "separate files"], ["soft", "a track in the film"], ["burned", "burned into the picture"]),
    fit_narration: menu("fit_narration", "cut it", ["extend", "extend the segment"], ["speed", "speed it up, then cut it"]),
    image_provider: menu("image_provider", "default"),
    stitch_backend: menu("stitch_backend", "default", ["local", "on this machine"], ["mediaconvert", "AWS MediaConvert"], ["auto", "AWS MediaConvert, else on this machine"]),
    fallback: menu("fallback", "make the whole film again", ["segments", "make only what is missing"]),
    on_image_failure: menu("on_image_failure", "fail", ["card", "use a card"]),
    max_cost_usd: numberField("max_cost_usd", "no limit"),
    agent5_timeout_s: numberField("agent5_timeout_s", "1800"),
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
    const text = `${each.name}, ${money(each.cost_usd)} per still${each.default ? " (default)" : ""}`;
    select.append(make("option", { value: each.name, textContent: text }));
  }
}
