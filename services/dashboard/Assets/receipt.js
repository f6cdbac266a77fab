// The receipt in words, and as it is; where the time went.

import { make, money, seconds, sentence, timeOfDay } from "/assets/format.js";

/** What the receipt says, in words. */
export function receiptWords(receipt) {
  return [...section("What happened", happened(receipt)), ...section("Who made what", makers(receipt)), ...section("Money", spent(receipt))];
}

/** -> the receipt as it is, folded, and `show(receipt)`. */
export function rawReceipt(address) {
  const text = make("pre", { tabIndex: 0, role: "region", "aria-label": "The receipt as JSON" });
  const element = make("details", { className: "raw" }, make("summary", { textContent: "The receipt as JSON" }), text,
    make("p", {}, make("a", { href: address, textContent: "Open it alone" })));
  return { element, show(receipt) { text.textContent = JSON.stringify(receipt, null, 2); } };
}

function section(title, lines) {
  if (!lines.length) return [];
  return [make("h2", { textContent: title }), make("ul", {}, ...lines.map((line) => make("li", {}, ...[line].flat())))];
}

/** In the order in which it happened: the lead's attempts, the understudy's only where they failed. */
function happened({ attempts, takeover }) {
  const events = attempts.map((attempt) => [attempt.started_at, attemptWords(attempt)]).filter(([, words]) => words);
  if (takeover) events.push([takeover.at, takeoverWords(takeover, attempts)]);
  return events.map((event, order) => [...event, order])
    .sort(([one, , first], [other, , second]) => new Date(one) - new Date(other) || first - second)
    .map(([at, words]) => [make("time", { className: "quiet", dateTime: at, textContent: timeOfDay(at) }), ` ${words}`]);
}

function attemptWords({ agent, work, segment_id, started_at, ended_at, cost_usd, unknown_usd, error }) {
  const after = ended_at ? ` after ${seconds((new Date(ended_at) - new Date(started_at)) / 1000)}` : "";
  const paid = cost_usd > 0 ? `, for ${money(cost_usd)}` : "";
  const price = unknown_usd > 0 ? `${paid}, for perhaps ${money(unknown_usd)}` : paid;
  const isLead = agent === "Agent5" && work === "film";
  if (!error) return isLead && (ended_at ? `Agent5 was asked, and delivered${after}${price}.` : "Agent5 was asked.");
  const deed = {
    film: `${agent} was asked, and`, image: `${agent}'s still of ${segment_id}`, clip: `${agent}'s clip of ${segment_id}`,
    narration: `The narration of ${segment_id}`, stitch: "Joining the clips",
  }[work] || `${agent}'s ${work}`;
  return `${deed} failed${after}${price}: ${quoted(error.message, error.data?.provider)}`;
}

function takeoverWords({ breaker_open, reason, provider }, attempts) {
  if (breaker_open) return "Agent6 stepped in at once: the breaker of Agent5 was open.";
  // What the last attempt ended with has just been said.
  const last = attempts.filter(({ agent }) => agent === "Agent5").at(-1);
  return last?.error?.message === reason ? "Agent6 stepped in." : `Agent6 stepped in: ${quoted(reason, provider)}`;
}

const quoted = (words, provider) => `“${words}”${provider ? ` (${provider})` : ""}.`;

/** Neighbours that were made alike share a line. */
function makers({ segments }) {
  const groups = [];
  for (const segment of segments) {
    const words = makerWords(segment);
    if (groups.at(-1)?.words === words) groups.at(-1).segments.push(segment);
    else groups.push({ words, segments: [segment] });
  }
  return groups.map(({ words, segments }) => {
    const names = segments.length === 1 ? segments[0].segment_id : `${segments[0].segment_id} to ${segments.at(-1).segment_id}`;
    const cost = segments.reduce((sum, { cost_usd }) => sum + cost_usd, 0);
    return `${names}: ${words}${cost > 0 ? `, ${money(cost)}` : ""}`;
  });
}

function makerWords({ maker, image_provider, reused }) {
  if (!maker) return "nobody yet";
  const still = !image_provider ? "" : image_provider === "card" ? ", from a card" : `, from a still by ${image_provider}`;
  return `${maker}${still}${reused ? ", kept from an earlier run" : ""}`;
}

function spent({ costs, wasted_usd, unknown_usd, saved_usd, hedge_usd }) {
  const shares = Object.entries(costs).filter(([name, cost]) => name !== "total" && cost > 0).map(([name, cost]) => `${name} ${money(cost)}`);
  return [
    costs.total > 0 ? `It cost ${money(costs.total)} in all: ${shares.join(", ")}.` : "It cost nothing.",
    wasted_usd > 0 ? `${money(wasted_usd)} of that bought nothing that could be used.` : "Nothing was wasted.",
    unknown_usd > 0 && `${money(unknown_usd)} more may have been charged for orders without an answer.`,
    saved_usd > 0 && `Stills that were there already saved ${money(saved_usd)}.`,
    hedge_usd > 0 && `Stills that were prepared and not needed cost ${money(hedge_usd)}.`,
  ].filter(Boolean);
}

const stageNames = {
  load: "Reading", agent2: "Agent2", agent4: "Agent4", agent5: "Agent5", images: "Stills", clips: "Clips", narration: "Narration",
  stitch: "Joining", verify: "Checking",
};

/** A bar for each stage of the last run, by its time. */
export function stageBars({ stages }) {
  const times = stages.filter((each) => each.seconds >= 0.001);
  if (!times.length) return [];
  const longest = Math.max(...times.map((each) => each.seconds));
  return [make("h2", { textContent: "Where the time went" }), make("ul", { className: "bars" }, ...times.map((each) => {
    const name = stageNames[each.stage] || sentence(each.stage).slice(0, -1);
    const bar = make("li", {}, make("span", { textContent: name }),
      make("meter", { max: longest, value: each.seconds, "aria-label": `${name}: ${seconds(each.seconds)}` }),
      make("span", { className: "number", textContent: seconds(each.seconds) }));
    bar.dataset.stage = each.stage;
    return bar;
  }))];
}
