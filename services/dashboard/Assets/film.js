// The film: player, captions, and chapters that lead to their place.

import { make, place } from "/assets/format.js";

/** -> the section, and `show(job)`. */
export function filmPlayer(base) {
  const section = make("section", { className: "show", "aria-label": "The film" });
  let shown;

  function show(job) {
    const film = job.state === "finished" && job.video_url ? `${job.video_url}#${job.updated_at}` : null;
    if (film === shown) return;
    shown = film;
    section.replaceChildren(...(film ? parts(job.updated_at) : []));
  }

  function parts(version) {
    const video = make("video", { id: "film", controls: true, preload: "metadata", playsInline: true,
      src: `${base}/film?t=${encodeURIComponent(version)}` });
    const frame = make("div", { className: "player" }, video);
    const chapters = make("nav", { className: "chapters", "aria-label": "Chapters", hidden: true });
    addCaptions(video, base);
    addChapters(video, chapters, base);
    video.addEventListener("error", () => {
      chapters.hidden = true;
      frame.append(make("p", { className: "failure", textContent: "The film cannot be played: it may have been deleted. Retry makes it again from what is there." }));
    }, { once: true });
    return [frame, chapters];
  }
  return { section, show };
}

async function addCaptions(video, base) {
  const source = `${base}/captions.vtt`;
  const answer = await fetch(source, { method: "HEAD" }).catch(() => null);
  if (answer?.status === 200) video.append(make("track", { kind: "captions", label: "Captions", src: source, srclang: "en" }));
}

/** Browsers load chapters and show none of them: here they are buttons, and the one that plays is marked. */
function addChapters(video, nav, base) {
  const track = make("track", { kind: "chapters", label: "Segments", src: `${base}/chapters.vtt`, default: true });
  track.addEventListener("load", () => {
    const cues = [...track.track.cues];
    if (cues.length < 2) return;
    const buttons = cues.map((cue) => make("button", { type: "button", className: "chapter", onclick: () => {
      video.currentTime = cue.startTime;
      video.play();
    } }, make("span", { className: "number", textContent: place(cue.startTime) }), ` ${cue.text}`));
    nav.replaceChildren(make("h2", { textContent: "Chapters" }), make("ol", {}, ...buttons.map((button) => make("li", {}, button))));
    nav.hidden = false;
    video.addEventListener("timeupdate", () => mark(buttons, cues, video.currentTime));
  });
  video.append(track);
}

function mark(buttons, cues, time) {
  const now = cues.findLastIndex(({ startTime }) => startTime <= time + 0.01);
  buttons.forEach((button, index) => {
    if (index === now) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}
