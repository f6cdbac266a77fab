// SPDX-License-Identifier: Apache-2.0

// Money, times and states as text.

const cents = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 4 });
const smallAmounts = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 6 });

/** Dollars with cents, and with fractions of a cent if there are any. */
export function money(dollars) {
  const amount = Math.round((dollars || 0) * 1e6) / 1e6 || 0;
  return (Math.abs(amount) < 0.01 ? smallAmounts : cents).format(amount);
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** A date and a time in the user's time zone. */
export function dateAndTime(text) {
  const date = new Date(text);
  return isNaN(date) ? "" : dateFormat.format(date);
}

/** A time of day in the user's time zone. */
export function timeOfDay(text) {
  const date = new Date(text);
  return isNaN(date) ? "" : timeFormat.format(date);
}

/**
 * A duration in at most two units: `0.4 s`, `59 s`, `2 min`, `59 min 59 s`, `1 h 5 min`, `3 days`.
 * Written here: Intl.DurationFormat neither chooses the units nor rounds to them.
 */
export function seconds(count) {
  if (count == null || !isFinite(count)) return "";
  if (count <= 0) return "0 s";
  if (count < 0.0995) return `${Math.max(1, Math.round(count * 1000))} ms`;
  if (count < 9.95) return `${Math.round(count * 10) / 10} s`;
  const whole = Math.round(count);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(count / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(count / 3600);
  return pair(Math.floor(hours / 24), hours < 48 ? "day" : "days", hours % 24, "h");
}

const pair = (large, unit, small, smallUnit) => `${large} ${unit}${small ? ` ${small} ${smallUnit}` : ""}`;

/** A position in a film, `0:07` or `1:02:03`, as players show it. Written here: Intl.DurationFormat always pads minutes. */
export function position(count) {
  const whole = Math.floor(count + 0.001);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** A message of a service as a sentence: capitalized unless it begins with a name, and with a full stop. */
export function sentence(text) {
  const capitalized = /^[a-z]+ /.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(capitalized) ? capitalized : `${capitalized}.`;
}

/** `1 segment`, `2 segments` */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Whether a job has ended. */
export const isTerminal = (state) => ["finished", "error", "cancelled"].includes(state);

export const agents = ["Agent2", "Agent4", "Agent5", "Agent6"];

/** `Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33` */
export function costLine(costs) {
  const parts = agents.map((name) => `${name}: ${money(costs[name])}`);
  return parts.concat(`Total: ${money(costs.total)}`).join(" | ");
}

/** The text and the tone of each state of jobs, agents and segments. */
const states = {
  queued: ["waiting", ""], running: ["running", "busy"], finished: ["finished", "good"], error: ["failed", "bad"],
  cancelled: ["cancelled", ""], starting: ["starting", "busy"], processing: ["working", "busy"],
  waiting: ["waiting", ""], drawing: ["drawing", "busy"], drawn: ["drawn", "busy"], clipping: ["making clip", "busy"],
  clipped: ["clip made", "busy"], narrating: ["adding sound", "busy"], done: ["done", "good"], failed: ["failed", "bad"],
};

/** Shows a state as text; the colour only repeats it. */
export function showState(element, state) {
  const [text, tone] = states[state] || [state || "", ""];
  if (element.textContent !== text) element.textContent = text;
  element.dataset.tone = tone;
}

/** Creates an element with properties, attributes, listeners (`on...`) and children. Text is never parsed as HTML. */
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
