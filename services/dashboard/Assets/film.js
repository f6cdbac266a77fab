// SPDX-License-Identifier: Apache-2.0

// The film: the player, captions, and chapters to jump to.

import { make, position } from "/assets/format.js";

/** Returns the section and `show(job)`. */
export function filmPlayer(base) {
  const section = make("section", { className: "show", "aria-label": "Film" });
  let shownFilm;

  function show(job) {
    const film = job.state === "finished" && job.video_url ? `${job.video_url}#${job.updated_at}` : null;
    if (film === shownFilm) return;
    shownFilm = film;
    section.replaceChildren(...(film ? playerParts(job) : []));
  }

  function playerParts(job) {
    // The version makes browsers load a film that was made again.
    const video = make("video", { id: "film", controls: true, preload: "metadata", playsInline: true,
      src: `${base}/film?t=${encodeURIComponent(job.updated_at)}` });
    const player = make("div", { className: "player" }, video);
    const chapters = make("nav", { className: "chapters", "aria-label": "Chapters", hidden: true });
    addCaptions(video, base);
    addChapters(video, chapters, base);
    video.addEventListener("error", () => {
      chapters.hidden = true;
      player.append(make("p", { className: "failure",
        textContent: `The film cannot be played. It may have been deleted; to make it again, run: understudy retry ${job.job_id}` }));
    }, { once: true });
    return [player, chapters];
  }
  return { section, show };
}

async function addCaptions(video, base) {
  const source = `${base}/captions.vtt`;
  const response = await fetch(source, { method: "HEAD" }).catch(() => null);
  if (response?.status === 200) video.append(make("track", { kind: "captions", label: "Captions", src: source, srclang: "en" }));
}

/** Browsers load chapter tracks but do not show them: they are shown as buttons, and the current one is marked. */
function addChapters(video, nav, base) {
  const track = make("track", { kind: "chapters", label: "Segments", src: `${base}/chapters.vtt`, default: true });
  track.addEventListener("load", () => {
    const cues = [...track.track.cues];
    if (cues.length < 2) return;
    const buttons = cues.map((cue) => make("button", { type: "button", className: "chapter", onclick: () => {
      video.currentTime = cue.startTime;
      video.play();
    } }, make("span", { className: "number", textContent: `${position(cue.startTime)} ` }), cue.text));
    nav.replaceChildren(make("h2", { textContent: "Chapters" }), make("ol", {}, ...buttons.map((button) => make("li", {}, button))));
    nav.hidden = false;
    video.addEventListener("timeupdate", () => markChapter(buttons, cues, video.currentTime));
  });
  video.append(track);
}

function markChapter(buttons, cues, time) {
  const current = cues.findLastIndex(({ startTime }) => startTime <= time + 0.01);
  buttons.forEach((button, index) => {
    if (index === current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}
