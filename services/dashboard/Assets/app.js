// Which page is shown, and what all pages share: announcements, and whether the server is there.

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
let quiet;

/** What changed, for those who hear the page. */
function say(text) {
  news.textContent = text;
}

/** A failure or a takeover: heard at once, and seen for a while. */
function alarm(text) {
  alarms.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { alarms.textContent = ""; }, 15000);
}

const hands = {
  say, alarm, go,
  link(isAway) { document.getElementById("link").textContent = isAway ? "The orchestrator does not answer; this page waits for it." : ""; },
};

let leave;
async function show() {
  leave?.();
  leave = null;
  const path = location.pathname.replace(/\/+$/, "");
  const job = /^\/jobs\/([^/]+)$/.exec(path);
  for (const each of document.querySelectorAll("nav a")) {
    const isHere = each.getAttribute("href") === (path || "/");
    if (isHere) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  try {
    if (path === "/jobs/new") leave = await showStart(view, hands);
    else if (path === "/services") leave = await showStack(view, hands);
    else if (path === "/drill") leave = await showDrill(view, hands);
    else if (job) leave = await showJob(view, decodeURIComponent(job[1]), hands);
    else leave = await showList(view, hands);
  } catch (error) {
    const isUnknown = error.kind === "not_found";
    view.replaceChildren(make("h1", { textContent: isUnknown ? "There is no such job" : "That did not work" }),
      make("p", { className: "failure", textContent: error.message }),
      make("p", {}, make("a", { href: "/", textContent: "All jobs" })));
  }
  document.title = `${view.querySelector("h1")?.textContent || "Understudy"} · Understudy`;
}

function go(path) {
  history.pushState(null, "", path);
  show();
  view.focus();
}

document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[href^='/']");
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || anchor.href.includes("/api/")) return;
  event.preventDefault();
  go(anchor.getAttribute("href"));
});
window.addEventListener("popstate", show);
show();
