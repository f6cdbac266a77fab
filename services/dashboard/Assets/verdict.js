// What is wrong with what the form was given, at its line; and what the film would cost.

import { count, make, money, seconds, sentence } from "/assets/format.js";
import { linesOf } from "/assets/json.js";

/** -> two elements that are told what to show. */
export function verdict(storyboard) {
  const problems = make("ul", { className: "violations" });
  const price = make("div", { className: "price", role: "status" });

  function refuse(texts, line) {
    const find = line ? () => line : lineFinder(storyboard.value);
    problems.replaceChildren(...texts.filter(Boolean).map((text) => {
      const at = find(text);
      return at ? make("li", {}, make("button", { type: "button", className: "jump", textContent: `Line ${at}`, onclick: () => select(storyboard, at) }), `: ${text}`)
        : make("li", { textContent: text });
    }));
  }
  return {
    elements: [make("div", { role: "alert" }, problems), price], refuse,
    say: (text) => price.replaceChildren(text),
    clear() {
      problems.replaceChildren();
      price.replaceChildren();
    },
    price(estimate) {
      const text = `${count(estimate.segments, "segment")}, ${seconds(estimate.film_s)}: the understudy would take about `
        + `${seconds(estimate.seconds)} and cost ${money(estimate.cost_usd)}. What the lead charges comes on top.`
        + (estimate.fits ? "" : " That is more than it may spend.");
      price.replaceChildren(make("p", { textContent: text }), ...estimate.warnings.map((each) => make("p", { className: "quiet", textContent: sentence(each) })));
    },
  };
}

/** -> the line of the storyboard that a violation speaks of: of the value that its pointer leads to, or of what should hold it. */
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

/** Marks a line of a field, and brings it into sight. */
function select(field, line) {
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + lines[line - 1].length);
  field.scrollTop = field.scrollHeight * (line - 1) / lines.length - field.clientHeight / 2;
}
