// Which page is shown, and what all pages share: words for those who hear and those who see, and whether the server is there.

import { showDrill } from "/assets/drill.js";
import { showJob } from "/assets/job.js";
import { showList } from "/assets/list.js";
import { showStack } from "/assets/stack.js";
import { showStart } from "/assets/start.js";
import { make } from "/assets/format.js";

window.agentCosts = { Agent2: 0, Agent4: 0, Agent5: 0, Agent6: 0 };

const view = document.getElementById("view");
const news = document.getElementById("news");
const alarms = document.getElementById("alarm");
const away = document.getElementById("link");

/** Shows a note for a while, or until it is pressed. What it says is to be seen elsewhere too, or needs no deed. */
function note(place, text, time) {
  const item = make("p", { className: "note", textContent: text, onclick: () => item.remove() });
  place.append(item);
  setTimeout(() => item.remove(), time);
}

/** What goes on, for those who hear the page; others see it anyhow. */
function say(text) {
  news.querySelector(".unseen")?.remove();
  news.append(make("p", { className: "unseen", textContent: text }));
}

/** What came of something that the user did: heard and seen. */
function tell(text) {
  news.querySelector(".note")?.remove();
  note(news, text, 8000);
}

/** A failure or a takeover: heard at once, and seen for a while; several stand below each other. */
function alarm(text) {
  note(alarms, text, 15000);
}

/** Asks before something that cannot be taken back. -> whether it shall be done. */
function ask(question, verb) {
  const dialog = document.getElementById("question");
  dialog.querySelector("p").textContent = question;
  dialog.querySelector("[value=yes]").textContent = verb;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

function link(isAway) {
  const text = isAway ? "The orchestrator does not answer; this page waits for it." : "";
  if (away.textContent !== text) away.textContent = text;
}

const pages = [
  [/^\/jobs\/new$/, showStart], [/^\/services$/, showStack], [/^\/drill$/, showDrill],
  [/^\/jobs\/([^/]+)$/, showJob], [/^/, showList],
];

let leave, shown, generation = 0;

async function show() {
  leave?.();
  leave = null;
  link(false);
  shown = location.pathname + location.search;
  const mine = ++generation;
  const isHere = () => mine === generation;
  const path = location.pathname.replace(/\/+$/, "");
  markPage(path || "/");
  // A page that was left while it was being fetched has nothing to say any more.
  const quiet = (act) => (...given) => { if (isHere()) return act(...given); };
  const hands = { say: quiet(say), tell: quiet(tell), alarm: quiet(alarm), link: quiet(link), go: quiet(go), ask, isHere,
    open: quiet((...children) => view.replaceChildren(...children)) };
  const [pattern, page] = pages.find(([pattern]) => pattern.test(path));
  try {
    const ends = await page(hands, ...pattern.exec(path).slice(1).map(decodeURIComponent));
    if (isHere()) leave = ends;
    else ends?.();
  } catch (error) {
    hands.open(make("h1", { textContent: error.kind === "not_found" ? "There is no such job" : "That did not work" }),
      make("p", { className: "failure", textContent: error.message }), make("p", {}, make("a", { href: "/", textContent: "All jobs" })));
  }
  if (isHere()) document.title = `${view.querySelector("h1")?.textContent || "Understudy"} · Understudy`;
}

function markPage(path) {
  for (const each of document.querySelectorAll("nav.pages a")) {
    if (each.getAttribute("href") === path) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

function go(path) {
  history.pushState(null, "", path);
  show();
  view.focus();
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href]");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const address = anchor.getAttribute("href");
  if (address === "#view") view.focus();
  else if (address.startsWith("/") && !address.startsWith("/api/")) go(address);
  else return;
  event.preventDefault();
});
// A file that misses its field must not take the page's place.
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
// Only another page is another page; a place in this one is not.
window.addEventListener("popstate", () => { if (location.pathname + location.search !== shown) show(); });
show();
