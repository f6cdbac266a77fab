// SPDX-License-Identifier: Apache-2.0

// The violations of the form's input, with their lines, and the estimate.

import { count, make, money, seconds, sentence } from "/assets/format.js";
import { linesOf } from "/assets/json.js";

/** Returns the elements for violations and estimate, and functions that fill them. */
export function verdict(storyboard) {
  const problems = make("ul", { className: "violations" });
  const price = make("div", { className: "price", role: "status" });

  function showViolations(texts, line) {
    const find = line ? () => line : lineFinder(storyboard.value);
    problems.replaceChildren(...texts.filter(Boolean).map((text) => {
      const at = find(text);
      return at ? make("li", {}, make("button", { type: "button", className: "jump", textContent: `Line ${at}`, onclick: () => select(storyboard, at) }), `: ${text}`)
        : make("li", { textContent: text });
    }));
  }
  return {
    elements: [make("div", { role: "alert" }, problems), price], showViolations,
    showStatus: (text) => price.replaceChildren(text),
    clear() {
      problems.replaceChildren();
      price.replaceChildren();
    },
    showEstimate(estimate) {
      const text = `${count(estimate.segments, "segment")}, ${seconds(estimate.film_s)}: if Agent6 makes the film, it takes about `
        + `${seconds(estimate.seconds)} and costs ${money(estimate.cost_usd)}. The charges of Agent5 are not included.`
        + (estimate.fits ? "" : " This exceeds the maximum cost.");
      price.replaceChildren(make("p", { textContent: text }), ...estimate.warnings.map((each) => make("p", { className: "quiet", textContent: sentence(each) })));
    },
  };
}

/** Returns a function that finds the line of a violation in the storyboard: that of the value at its pointer, or of the nearest parent. */
function lineFinder(text) {
  let lines;
  return (violation) => {
    let pointer = /\/segments[^\s:]*/.exec(violation)?.[0] ?? "";
    if (!pointer) return null;
    try {
      lines ??= linesOf(text);
    } catch {
      return null;
    }
    while (pointer && !lines.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
    return pointer ? lines.get(pointer) : null;
  };
}

/** Selects a line of a field and scrolls to it. */
function select(field, line) {
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + lines[line - 1].length);
  field.scrollTop = field.scrollHeight * (line - 1) / lines.length - field.clientHeight / 2;
}
