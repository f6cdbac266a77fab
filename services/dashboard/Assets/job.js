// One job: its agents, its cost, its strip of stills, its film.

import { get, post } from "/assets/api.js";
import { watch } from "/assets/watch.js";
import { costLine, make, moment, money, seconds, showWord } from "/assets/format.js";

const agents = ["Agent2", "Agent4", "Agent5", "Agent6"];
const isOver = (state) => ["finished", "error", "cancelled"].includes(state);

export async function showJob(view, id, { say, alarm, link }) {
  const base = `/api/jobs/${encodeURIComponent(id)}`;
  let job = await get(base);
  let snapshotSeq = 0, told = {}, shownFilm, isGone = false, fetching;
  window.agentCosts = { Agent2: 0, Agent4: 0, Agent5: 0, Agent6: 0 };

  const title = make("h1", { textContent: job.session_id });
  const facts = make("p", { className: "quiet" });
  const rows = make("ul", { "aria-label": "Agents" });
  const cost = make("p", { id: "cost-line", role: "group", "aria-label": "Cost" });
  const takeover = make("div");
  const trouble = make("div");
  const actions = make("div", { className: "row" });
  const player = make("section", { className: "player", "aria-label": "The film" });
  const strip = make("ul", { className: "strip" });
  const stages = make("section");
  view.replaceChildren(title, facts, actions, rows, cost, takeover, trouble, player,
    make("h2", { textContent: "Segments" }), strip, stages);

  const row = Object.fromEntries(agents.map((name) => {
    const item = document.getElementById("agent-row").content.firstElementChild.cloneNode(true);
    item.dataset.agent = name;
    item.querySelector(".name").textContent = name;
    item.querySelector("progress").setAttribute("aria-label", `Progress of ${name}`);
    item.hidden = true;
    rows.append(item);
    return [name, item];
  }));

  const button = (text, act, className = "") => make("button", {
    type: "button", className, textContent: text,
    onclick: async (event) => {
      event.target.disabled = true;
      try {
        await act();
      } catch (error) {
        alarm(error.message);
      }
      event.target.disabled = false;
      refresh();
    },
  });
  const cancel = button("Cancel", () => post(`${base}/cancel`));
  const retry = button("Retry what failed", () => post(`${base}/retry`, { only: "failed" }), "main");
  const download = make("a", { className: "button", href: `${base}/film?download=1`, textContent: "Download the film" });
  actions.append(cancel, retry, download);

  function showAgents() {
    for (const name of agents) {
      const agent = job.agents[name];
      // The understudy is on stage only when the lead has failed.
      const isShown = name === "Agent6" ? job.agents.Agent5?.status === "error" && agent : name === "Agent5" || agent;
      row[name].hidden = !isShown;
      const status = agent?.status || "";
      row[name].dataset.status = status;
      showWord(row[name].querySelector(".word"), agent ? agent.status : "queued");
      const message = agent?.message || "";
      const place = row[name].querySelector(".message");
      if (place.textContent !== message) place.textContent = message;
      const progress = row[name].querySelector("progress");
      const fraction = status === "finished" ? 1 : agent?.fraction ?? (isCurrent(name) ? job.progress.fraction : 0);
      progress.value = fraction;
      progress.hidden = !agent || status === "error";
      row[name].querySelector(".cost").textContent = money(job.costs[name]);
      announce(name, status, fraction);
    }
  }
  const isCurrent = (name) => agents.filter((each) => job.agents[each]).at(-1) === name;

  // State changes, and progress in quarters.
  function announce(name, status, fraction) {
    if (!status) return;
    const quarter = Math.floor(fraction * 4) * 25;
    const before = told[name];
    told[name] = { status, quarter };
    if (!before) return;
    if (before.status !== status) {
      if (status === "error") alarm(`${name} failed. ${job.agents[name].message}`);
      else if (name === "Agent6" && status === "starting") alarm("Agent6 takes over.");
      else say(`${name} is ${status === "finished" ? "finished" : "working"}.`);
    } else if (quarter > before.quarter) say(`${name}: ${quarter} percent.`);
  }

  function showRest() {
    facts.textContent = `${job.user_id} · begun ${moment(job.created_at)} · ${id}`;
    cost.textContent = costLine(job.costs);
    for (const name of agents) window.agentCosts[name] = job.costs[name] || 0;
    cancel.hidden = isOver(job.state);
    retry.hidden = !["error", "cancelled"].includes(job.state);
    download.hidden = !job.video_url;
    const why = job.error?.message;
    trouble.replaceChildren(...(why ? [make("p", { className: "failure", textContent: why })] : []),
      ...job.warnings.map((text) => make("p", { className: "quiet", textContent: text })));
  }

  function showFilm() {
    const film = job.state === "finished" && job.video_url ? `${job.video_url}#${job.updated_at}` : null;
    if (film === shownFilm) return;
    shownFilm = film;
    if (!film) return player.replaceChildren();
    const video = make("video", { id: "film", controls: true, preload: "metadata", playsInline: true,
      src: `${base}/film?t=${encodeURIComponent(job.updated_at)}` });
    video.append(make("track", { kind: "chapters", label: "Segments", src: `${base}/chapters.vtt`, default: true }));
    fetch(`${base}/captions.vtt`, { method: "HEAD" }).then((answer) => {
      if (answer.status === 200) video.append(make("track", { kind: "captions", label: "Captions", src: `${base}/captions.vtt`, srclang: "en" }));
    });
    video.addEventListener("error", () => {
      player.append(make("p", { className: "failure", textContent: "The film cannot be played: it may have been deleted. Retry makes it again from what is there." }));
    }, { once: true });
    player.replaceChildren(video);
    showReceipt();
  }

  async function showReceipt() {
    const receipt = await get(`${base}/receipt`).catch(() => null);
    if (!receipt || isGone) return;
    const text = story(receipt);
    takeover.replaceChildren();
    if (text) {
      takeover.append(make("details", { className: "takeover" }, make("summary", { textContent: text }),
        make("pre", { className: "scroll", tabIndex: 0, textContent: JSON.stringify(receipt, null, 2) })));
    }
    const times = receipt.stages.map(({ stage, seconds }) => [stage, seconds]).filter(([, time]) => time > 0);
    const longest = Math.max(...times.map(([, time]) => time), 0.001);
    stages.replaceChildren(...(times.length ? [make("h2", { textContent: "Where the time went" }), make("div", { className: "bars" },
      ...times.map(([name, time]) => make("div", {}, make("span", { textContent: name }),
        make("meter", { max: longest, value: time, "aria-label": `${name}: ${seconds(time)}` }), make("span", { textContent: seconds(time) }))))] : []));
  }

  /** The takeover in one sentence. */
  function story({ takeover, segments }) {
    if (!takeover) return "";
    const made = segments.filter(({ maker }) => maker === "Agent6").length;
    const who = takeover.provider ? `Agent5 (${takeover.provider})` : "Agent5";
    return `${who} failed: ${takeover.reason.replace(/\.$/, "")}. Agent6 took over and made ${made} of ${segments.length} segments.`;
  }

  const cards = new Map();
  function showStrip() {
    for (const segment of job.segments) {
      let card = cards.get(segment.segment_id);
      if (!card) {
        card = newCard(segment.segment_id);
        cards.set(segment.segment_id, card);
        strip.append(card);
      }
      const key = JSON.stringify(segment);
      if (card.dataset.key === key && card.dataset.state === job.state) continue;
      card.dataset.key = key;
      card.dataset.state = job.state;
      showWord(card.querySelector(".word"), segment.state);
      card.querySelector(".maker").textContent = segment.maker || "";
      card.querySelector(".time").textContent = seconds(segment.duration);
      card.querySelector(".cost").textContent = segment.cost ? money(segment.cost) : "";
      const why = card.querySelector(".why");
      why.hidden = !segment.error;
      why.textContent = segment.error?.message || "";
      const image = card.querySelector("img");
      if (segment.image && image.dataset.uri !== segment.image + segment.state) {
        image.dataset.uri = segment.image + segment.state;
        image.src = `${base}/segments/${encodeURIComponent(segment.segment_id)}/still?t=${Date.now()}`;
        image.alt = `The still of ${segment.segment_id}`;
      }
      image.hidden = !segment.image;
      card.querySelector(".still").disabled = !segment.image;
      card.querySelector("details").hidden = !isOver(job.state) || segment.maker === "Agent5";
    }
  }

  function newCard(name) {
    const card = document.getElementById("segment-card").content.firstElementChild.cloneNode(true);
    card.dataset.segment = name;
    card.querySelector(".name").textContent = name;
    card.querySelector(".still").setAttribute("aria-label", `Enlarge the still of ${name}`);
    card.querySelector(".still").addEventListener("click", () => {
      const dialog = document.getElementById("enlarged");
      const image = dialog.querySelector("img");
      image.src = card.querySelector("img").src;
      image.alt = card.querySelector("img").alt;
      dialog.showModal();
    });
    card.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const prompt = event.target.prompt.value.trim();
      try {
        await post(`${base}/retry`, { edits: { [name]: { prompt } } });
        card.querySelector("details").open = false;
        say(`${name} is drawn again.`);
      } catch (error) {
        alarm(error.message);
      }
      refresh();
    });
    return card;
  }

  function show() {
    showAgents();
    showRest();
    showFilm();
    showStrip();
  }

  /** Asks for the whole job, once for many messages. */
  function refresh() {
    fetching ??= setTimeout(async () => {
      fetching = null;
      try {
        const fresh = await get(base);
        if (isGone) return;
        for (const [name, agent] of Object.entries(fresh.agents)) agent.fraction = job.agents[name]?.fraction;
        job = fresh;
        show();
      } catch { /* the socket says when the server is away */ }
    }, 250);
  }

  const stop = watch(id, ({ snapshot, message, away }) => {
    if (away != null) link(away);
    if (snapshot) {
      snapshotSeq = snapshot.seq;
      const fresh = snapshot.jobs.find((each) => each.job_id === id);
      if (fresh) job = fresh;
      show();
    }
    // What the snapshot holds already is history.
    if (message && message.seq > snapshotSeq) {
      const agent = (job.agents[message.agentNumber] ??= { cost: 0 });
      Object.assign(agent, { status: message.status, message: message.message, fraction: message.progress?.fraction });
      job.costs = message.costs;
      job.state = message.jobState;
      showAgents();
      showRest();
      refresh();
    }
  });
  show();
  return () => {
    isGone = true;
    clearTimeout(fetching);
    stop();
  };
}
