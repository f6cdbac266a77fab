// SPDX-License-Identifier: Apache-2.0

// The receipt in words and as JSON, and the times of the stages. `understudy receipt` uses the same words.

import { make, money, seconds, sentence, timeOfDay } from "/assets/format.js";

/** The receipt in words. */
export function receiptSections(receipt) {
  return [...section("What happened", events(receipt)), ...section("Who made what", makers(receipt)), ...section("Cost", costs(receipt))];
}

/** Returns the receipt as JSON, collapsed, and `show(receipt)`. */
export function receiptJSON(address) {
  const text = make("pre", { tabIndex: 0, role: "region", "aria-label": "Receipt as JSON" });
  const element = make("details", { className: "raw" }, make("summary", { textContent: "Receipt as JSON" }), text,
    make("p", {}, make("a", { href: address, textContent: "Open the JSON" })));
  return { element, show(receipt) { text.textContent = JSON.stringify(receipt, null, 2); } };
}

function section(title, lines) {
  if (!lines.length) return [];
  return [make("h2", { textContent: title }), make("ul", {}, ...lines.map((line) => make("li", {}, ...[line].flat())))];
}

/** In chronological order: all calls of the lead, the takeover, and what failed of the understudy. */
function events({ attempts, takeover }) {
  const events = attempts.map((attempt) => [attempt.started_at, attemptSentence(attempt)]).filter(([, text]) => text);
  if (takeover) events.push([takeover.at, takeoverSentence(takeover, attempts)]);
  return events.map((event, order) => [...event, order])
    .sort(([one, , first], [other, , second]) => new Date(one) - new Date(other) || first - second)
    .map(([at, text]) => [make("time", { className: "quiet", dateTime: at, textContent: timeOfDay(at) }), ` ${text}`]);
}

function attemptSentence({ agent, work, segment_id, started_at, ended_at, cost_usd, unknown_usd, error }) {
  const after = ended_at ? ` after ${seconds((new Date(ended_at) - new Date(started_at)) / 1000)}` : "";
  const paid = cost_usd > 0 ? `, for ${money(cost_usd)}` : "";
  const possible = paid ? `, and up to ${money(unknown_usd)} more` : `, for up to ${money(unknown_usd)}`;
  const price = unknown_usd > 0 ? paid + possible : paid;
  const isLead = agent === "Agent5" && work === "film";
  if (!error) return isLead && (ended_at ? `Agent5 was called and delivered${after}${price}.` : "Agent5 was called.");
  const subject = {
    film: `${agent} was called and`, image: `${agent}'s still of ${segment_id}`, clip: `${agent}'s clip of ${segment_id}`,
    narration: `The narration of ${segment_id}`, stitch: "Stitching the clips",
  }[work] || `${agent}'s ${work}`;
  return `${subject} failed${after}${price}: ${quoted(error.message, error.data?.provider)}`;
}

function takeoverSentence({ breaker_open, reason, provider }, attempts) {
  if (breaker_open) return "Agent6 took over immediately: the breaker of Agent5 was open.";
  // The error of the last attempt is not repeated.
  const last = attempts.filter(({ agent }) => agent === "Agent5").at(-1);
  return last?.error?.message === reason ? "Agent6 took over." : `Agent6 took over: ${quoted(reason, provider)}`;
}

const quoted = (text, provider) => `“${text}”${provider ? ` (${provider})` : ""}.`;

/** One line for each run of segments with the same maker. */
function makers({ segments }) {
  const groups = [];
  for (const segment of segments) {
    const text = makerText(segment);
    if (groups.at(-1)?.text === text) groups.at(-1).segments.push(segment);
    else groups.push({ text, segments: [segment] });
  }
  return groups.map(({ text, segments }) => {
    const names = segments.length === 1 ? segments[0].segment_id : `${segments[0].segment_id} to ${segments.at(-1).segment_id}`;
    const cost = segments.reduce((sum, { cost_usd }) => sum + cost_usd, 0);
    return `${names}: ${text}${cost > 0 ? `, ${money(cost)}` : ""}`;
  });
}

function makerText({ maker, image_provider, reused }) {
  if (!maker) return "not made yet";
  const still = !image_provider ? "" : image_provider === "card" ? ", from a card" : `, from a still by ${image_provider}`;
  return `${maker}${still}${reused ? ", reused from an earlier run" : ""}`;
}

function costs({ costs, wasted_usd, unknown_usd, saved_usd, hedge_usd }) {
  const shares = Object.entries(costs).filter(([name, cost]) => name !== "total" && cost > 0).map(([name, cost]) => `${name} ${money(cost)}`);
  return [
    costs.total > 0 ? `${money(costs.total)} in total: ${shares.join(", ")}.` : "Nothing was spent.",
    wasted_usd > 0 ? `${money(wasted_usd)} of that was wasted on results that could not be used.` : "Nothing was wasted.",
    unknown_usd > 0 && `Up to ${money(unknown_usd)} more may have been charged for orders whose outcome is unknown.`,
    saved_usd > 0 && `Cached stills saved ${money(saved_usd)}.`,
    hedge_usd > 0 && `Stills that were prepared but not needed cost ${money(hedge_usd)}.`,
  ].filter(Boolean);
}

const stageNames = {
  load: "Loading", agent2: "Agent2", agent4: "Agent4", agent5: "Agent5", images: "Stills", clips: "Clips", narration: "Narration",
  stitch: "Stitching", verify: "Verifying",
};

/** A bar for the duration of each stage of the last run. */
export function stageBars({ stages }) {
  const times = stages.filter((each) => each.seconds >= 0.001);
  if (!times.length) return [];
  const longest = Math.max(...times.map((each) => each.seconds));
  return [make("h2", { textContent: "Time by stage" }), make("ul", { className: "bars" }, ...times.map((each) => {
    const name = stageNames[each.stage] || sentence(each.stage).slice(0, -1);
    const bar = make("li", {}, make("span", { textContent: name }),
      make("meter", { max: longest, value: each.seconds, "aria-label": `${name}: ${seconds(each.seconds)}` }),
      make("span", { className: "number", textContent: seconds(each.seconds) }));
    bar.dataset.stage = each.stage;
    return bar;
  }))];
}
