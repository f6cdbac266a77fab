// SPDX-License-Identifier: Apache-2.0

// Navigation between the pages, and what they share: announcements, notes, questions, and the state of the connection.

import { showDrill } from "/assets/drill.js";
import { showJob } from "/assets/job.js";
import { showList } from "/assets/list.js";
import { showServices } from "/assets/stack.js";
import { showForm } from "/assets/start.js";
import { make } from "/assets/format.js";

window.agentCosts = { Agent2: 0, Agent4: 0, Agent5: 0, Agent6: 0 };

const view = document.getElementById("view");
const news = document.getElementById("news");
const alarms = document.getElementById("alarm");
const connection = document.getElementById("link");

/** Shows a note for some milliseconds, or until it is clicked. It may only repeat what the page shows elsewhere, or confirm an action. */
function showNote(place, text, duration) {
  const note = make("p", { className: "note", textContent: text, onclick: () => note.remove() });
  place.append(note);
  setTimeout(() => note.remove(), duration);
}

/** Announces a change to screen readers only: the page shows it anyway. */
function announce(text) {
  news.querySelector(".unseen")?.remove();
  news.append(make("p", { className: "unseen", textContent: text }));
}

/** Reports the result of an action of the user, visibly and to screen readers. */
function notify(text) {
  news.querySelector(".note")?.remove();
  showNote(news, text, 8000);
}

/** Reports a failure or a takeover, visibly and to screen readers at once; several stack up. */
function alertUser(text) {
  showNote(alarms, text, 15000);
}

/** Asks for confirmation of an action that cannot be undone. Resolves to whether the user confirmed it. */
function confirmAction(question, verb) {
  const dialog = document.getElementById("question");
  dialog.querySelector("p").textContent = question;
  dialog.querySelector("[value=yes]").textContent = verb;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

function showConnection(isLost) {
  const text = isLost ? "The server is not responding. Reconnecting…" : "";
  if (connection.textContent !== text) connection.textContent = text;
}

const pages = [
  [/^\/jobs\/new$/, showForm], [/^\/services$/, showServices], [/^\/drill$/, showDrill],
  [/^\/jobs\/([^/]+)$/, showJob], [/^/, showList],
];

let leavePage, shownAddress, generation = 0;

async function showPage() {
  leavePage?.();
  leavePage = null;
  showConnection(false);
  shownAddress = location.pathname + location.search;
  const mine = ++generation;
  const isCurrent = () => mine === generation;
  const path = location.pathname.replace(/\/+$/, "");
  markPage(path || "/");
  // A page that the user has left must not change what is shown any more.
  const whileCurrent = (act) => (...parameters) => { if (isCurrent()) return act(...parameters); };
  const ui = {
    announce: whileCurrent(announce), notify: whileCurrent(notify), alertUser: whileCurrent(alertUser),
    showConnection: whileCurrent(showConnection), navigate: whileCurrent(navigate), confirmAction, isCurrent,
    showContent: whileCurrent(showContent),
  };
  const [pattern, page] = pages.find(([pattern]) => pattern.test(path));
  try {
    const leave = await page(ui, ...pattern.exec(path).slice(1).map(decodeURIComponent));
    if (isCurrent()) leavePage = leave;
    else leave?.();
  } catch (error) {
    ui.showContent(make("h1", { textContent: error.kind === "not_found" ? "Render not found" : "Something went wrong" }),
      make("p", { className: "failure", textContent: error.message }), make("p", {}, make("a", { href: "/", textContent: "All renders" })));
  }
}

function showContent(...children) {
  view.replaceChildren(...children);
  document.title = `${view.querySelector("h1")?.textContent || "Understudy"} · Understudy`;
}

function markPage(path) {
  for (const each of document.querySelectorAll("nav.pages a")) {
    if (each.getAttribute("href") === path) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

function navigate(path) {
  history.pushState(null, "", path);
  showPage();
  view.focus();
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href]");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const address = anchor.getAttribute("href");
  if (address === "#view") view.focus();
  else if (address.startsWith("/") && !address.startsWith("/api/")) navigate(address);
  else return;
  event.preventDefault();
});
// A file that is dropped outside the fields must not replace the page.
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
// A change of the fragment alone is not another page.
window.addEventListener("popstate", () => { if (location.pathname + location.search !== shownAddress) showPage(); });
showPage();
