// Money, times and words, as people read them.

/** Dollars with cents, and parts of a cent where there are any. */
export function money(dollars) {
  const text = (Math.round((dollars || 0) * 1e6) / 1e6).toFixed(4);
  return "$" + text.replace(/(\.\d\d\d?)0+$/, "$1").replace(/(\.\d\d)0$/, "$1");
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A moment in the reader's zone. */
export function moment(text) {
  const date = new Date(text);
  return isNaN(date) ? "" : clock.format(date);
}

export function seconds(count) {
  if (count == null) return "";
  if (count > 0 && count < 0.1) return `${Math.max(1, Math.round(count * 1000))} ms`;
  if (count < 60) return `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count)} s`;
  return `${Math.floor(count / 60)} min ${Math.round(count % 60)} s`;
}

const agents = ["Agent2", "Agent4", "Agent5", "Agent6"];

/** `Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33` */
export function costLine(costs) {
  const parts = agents.map((name) => `${name}: ${money(costs[name])}`);
  return parts.concat(`Total: ${money(costs.total)}`).join(" | ");
}

const words = {
  queued: ["waiting", ""], running: ["running", "busy"], finished: ["finished", "good"], error: ["failed", "bad"],
  cancelled: ["cancelled", ""], starting: ["starting", "busy"], processing: ["working", "busy"],
  waiting: ["waiting", ""], drawing: ["drawing", "busy"], drawn: ["drawn", "busy"], clipping: ["making the clip", "busy"],
  clipped: ["clip made", "busy"], narrating: ["adding sound", "busy"], done: ["done", "good"], failed: ["failed", "bad"],
};

/** Shows a state by its word; the colour only repeats it. */
export function showWord(element, state) {
  const [word, tone] = words[state] || [state || "", ""];
  if (element.textContent !== word) element.textContent = word;
  element.dataset.tone = tone;
}

/** An element with text and children. Text is never markup. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-") && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}
