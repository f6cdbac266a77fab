// SPDX-License-Identifier: Apache-2.0

// The cards of the segments: still, state, maker, time, cost, error. A click enlarges the still, and a still can be redrawn.

import { isTerminal, make, money, seconds, showState } from "/assets/format.js";

const template = document.getElementById("segment-card").content.firstElementChild;

/**
 * Returns the list of cards and `show(job)`.
 * `redraw(segment, prompt)` starts to redraw a still, and resolves to whether it was started.
 */
export function segmentCards(base, redraw) {
  const list = make("ul", { className: "strip" });
  const cards = new Map();

  function show(job) {
    for (const segment of job.segments) {
      const name = segment.segment_id;
      if (!cards.has(name)) {
        cards.set(name, newCard(name, redraw));
        list.append(cards.get(name));
      }
      const card = cards.get(name);
      const key = JSON.stringify(segment) + job.state;
      // A property instead of an attribute: the key may be long.
      if (card.shownKey !== key) showCard(card, segment, job, base);
      card.shownKey = key;
    }
  }
  return { list, show };
}

function newCard(name, redraw) {
  const card = template.cloneNode(true);
  card.dataset.segment = name;
  card.querySelector(".name").textContent = name;
  card.querySelector(".still").setAttribute("aria-label", `Enlarge the still of ${name}`);
  card.querySelector(".still").addEventListener("click", () => enlarge(card));
  card.querySelector("summary").setAttribute("aria-label", `Redraw ${name}`);
  card.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!await redraw(name, event.target.prompt.value.trim())) return;
    card.focus();
    card.querySelector("details").open = false;
  });
  return card;
}

function showCard(card, segment, job, base) {
  showState(card.querySelector(".word"), segment.state);
  card.querySelector(".length").textContent = seconds(segment.duration);
  card.querySelector(".facts").replaceChildren(...facts(segment).map(([name, text]) => make("span", { className: name, textContent: text })));
  const error = card.querySelector(".why");
  error.hidden = !segment.error;
  error.textContent = segment.error?.message || "";
  showStill(card, segment, base);
  showGuidance(card, segment.visual_guidance ?? "");
  const details = card.querySelector("details");
  const isHidden = !isTerminal(job.state) || segment.maker === "Agent5";
  if (isHidden && details.contains(document.activeElement)) card.focus();
  details.hidden = isHidden;
}

/** The maker, the time that the segment took, and its cost. */
function facts({ maker, made_s, cost }) {
  return [["maker", maker], ["time", made_s > 0 && `made in ${seconds(made_s)}`], ["cost", cost > 0 && money(cost)]].filter(([, text]) => text);
}

function showStill(card, segment, base) {
  const image = card.querySelector("img");
  const key = segment.image && segment.image + segment.state;
  if (key && image.dataset.uri !== key) {
    image.dataset.uri = key;
    image.src = `${base}/segments/${encodeURIComponent(segment.segment_id)}/still?t=${Date.now()}`;
    image.alt = `The still of ${segment.segment_id}`;
  }
  image.hidden = !key;
  card.querySelector(".still").disabled = !key;
  card.querySelector(".blank").hidden = !!key;
}

/** The visual guidance: in place of the still until there is one, and as the initial prompt of the form. */
function showGuidance(card, guidance) {
  card.querySelector(".blank").textContent = guidance || "No still yet";
  const prompt = card.querySelector("textarea");
  // An edited prompt is not overwritten.
  if (prompt.value === prompt.defaultValue) prompt.value = guidance;
  prompt.defaultValue = guidance;
}

function enlarge(card) {
  const dialog = document.getElementById("enlarged");
  const image = dialog.querySelector("img");
  image.src = card.querySelector("img").src;
  image.alt = card.querySelector("img").alt;
  dialog.querySelector("p").textContent = card.querySelector("textarea").defaultValue;
  dialog.showModal();
}
