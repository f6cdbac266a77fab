# SPDX-License-Identifier: Apache-2.0
"""Scenes of one job's page."""

import json

from playwright.sync_api import expect

from browser import SCRIPT, start_with_form, board, forgive, heard, listen, page_of, row, expect_status, start, url, wait_until


def job(browser):
    """A job from the form: the estimate, the takeover, the cost, the film, its chapters, a redrawn still, the download."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard (JSON)").fill(board(3))
    page.get_by_role("button", name="Estimate the cost").click()
    expect(page.locator("form [role=status]")).to_contain_text("3 segments, 3 s")
    # Records every state of the rows, from before the job starts.
    page.add_init_script("""
      window.looks = [];
      new MutationObserver(() => {
        const look = (name) => { const row = document.querySelector(`[data-agent=${name}]`); return row && !row.hidden ? row.dataset.status : "hidden"; };
        const now = look("Agent5") + "/" + look("Agent6");
        if (document.querySelector("[data-agent]") && looks.at(-1) !== now) looks.push(now);
      }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "data-status"] });
    """)
    start_with_form(page, board(3), "by-form", options="")
    expect_status(page, "Agent5", "processing")
    assert not row(page, "Agent6").is_visible(), "Agent6 is shown before Agent5 failed"
    for agent, text in (("Agent2", "Uses the storyboard as provided."), ("Agent4", "Uses the narrations as provided.")):
        assert row(page, agent).is_visible(), agent
        expect(row(page, agent)).to_contain_text(text)
    page.reload()
    expect_status(page, "Agent6", "finished")
    expect_status(page, "Agent5", "error")
    looks = page.evaluate("looks")
    assert all(lead == "error" or other == "hidden" for lead, other in (look.split("/") for look in looks)), looks
    line = page.locator("#cost-line").inner_text()
    assert line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.003 | Total: $0.003", line
    assert page.evaluate("window.agentCosts") == {"Agent2": 0, "Agent4": 0, "Agent5": 0, "Agent6": 0.003}
    receipt(page)
    film(page)
    redraw(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download film").click()
    assert download.value.suggested_filename == "by-form.mp4"
    return {"job": page.url.rsplit("/", 1)[1], "looks": looks}


def receipt(page):
    """The takeover in one sentence, which opens the receipt in words and as JSON; the stages as bars."""
    box = page.locator(".takeover")
    expect(box.locator("summary").first).to_have_text("Agent5 (acme) failed: You exceeded your current quota. Agent6 took over and made 3 of 3 segments.")
    text = box.locator(".receipt")
    assert not text.is_visible(), "the receipt is open"
    box.locator("summary").first.click()
    for line in ("Agent5 was called and failed after", "“You exceeded your current quota” (acme).", "Agent6 took over.",
                 "seg_1 to seg_3: Agent6, from a card, $0.003", "$0.003 in total: Agent6 $0.003.", "Nothing was wasted."):
        expect(text).to_contain_text(line)
    raw = box.get_by_label("Receipt as JSON")
    assert not raw.is_visible(), "the JSON is open"
    box.locator(".raw summary").click()
    assert json.loads(raw.inner_text())["takeover"]["kind"] == "quota_exhausted"
    assert raw.bounding_box()["height"] <= 400, "the height of the JSON is not limited"
    bars = {each.get_attribute("data-stage"): each.locator("meter") for each in page.locator(".bars li").all()}
    assert {"agent5", "images", "clips", "stitch", "verify"} <= set(bars), list(bars)
    longest = max(float(bar.get_attribute("value")) for bar in bars.values())
    assert all(float(bar.get_attribute("max")) == longest and bar.get_attribute("aria-label") for bar in bars.values())
    stages = page.request.get(page.url.replace("/jobs/", "/api/jobs/") + "/receipt").json()["stages"]
    assert float(bars["agent5"].get_attribute("value")) == next(each["seconds"] for each in stages if each["stage"] == "agent5")


def film(page):
    """The film plays, and its chapters seek to their positions."""
    film = page.locator("#film")
    film.evaluate("film => { film.muted = true; return film.play(); }")
    wait_until(page, "document.getElementById('film').currentTime > 0.3")
    assert film.evaluate("film => film.videoWidth") == 1920
    film.evaluate("film => film.pause()")
    chapters = page.get_by_role("navigation", name="Chapters").get_by_role("button")
    assert chapters.all_inner_texts() == ["0:00 n", "0:01 n", "0:02 n"], chapters.all_inner_texts()
    chapters.nth(2).click()
    expect(chapters.nth(2)).to_have_attribute("aria-current", "true")
    assert film.evaluate("film => film.currentTime") >= 2
    film.evaluate("film => film.pause()")


def redraw(page):
    """Enlarges a still, closes it with the keyboard, and redraws it from an edited prompt."""
    card = page.locator("[data-segment=seg_2]")
    assert card.locator(".name").inner_text() == "seg_2"
    expect(card.locator(".facts")).to_contain_text("Agent6")
    expect(card.locator(".time")).to_have_text("made in " + seconds_of(page, "seg_2"))
    expect(card.locator(".cost")).to_have_text("$0.001")
    page.get_by_role("button", name="Enlarge the still of seg_2").click()
    expect(page.locator("#enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#enlarged")).to_be_hidden()
    card.locator("summary").click()
    prompt = card.get_by_label("Image prompt")
    expect(prompt).to_have_value("<b>A hill</b>, number 2")
    prompt.fill("A quiet harbour")
    card.get_by_role("button", name="Redraw still").click()
    expect(page.locator("#news .note")).to_have_text("Redrawing seg_2.")
    expect_status(page, "Agent6", "processing")
    expect_status(page, "Agent6", "finished")
    expect(prompt).to_have_value("A quiet harbour")
    expect(page.locator(".receipt")).to_contain_text("reused from an earlier run")


def seconds_of(page, segment):
    job = page.request.get(page.url.replace("/jobs/", "/api/jobs/")).json()
    taken = next(each["made_s"] for each in job["segments"] if each["segment_id"] == segment)
    return page.evaluate("async taken => (await import('/assets/format.js')).seconds(taken)", taken)


def announced(browser):
    """Announcements: states, progress in quarters, the failure and the takeover once; none after a reload or for a redrawn still."""
    page = page_of(browser)
    listen(page)
    start_with_form(page, board(4), "told")
    expect_status(page, "Agent6", "finished")
    alerts, news = heard(page, "alert"), heard(page, "status")
    assert alerts == ["Agent5 failed. You exceeded your current quota", "Agent6 takes over."], alerts
    assert "Agent5: 50 percent." in news and "Agent6 has finished." in news, news
    percents = [each.split(": ")[1] for each in news if "percent" in each]
    assert set(percents) <= {"25 percent.", "50 percent.", "75 percent.", "100 percent."} and len(percents) >= 2, news
    assert len([each for each in news if each.startswith("Agent5: ")]) == len({each for each in news if each.startswith("Agent5: ")}), news
    assert page.locator("progress[max='1']").count() == 4
    page.reload()
    expect_status(page, "Agent6", "finished")
    card = page.locator("[data-segment=seg_1]")
    card.locator("summary").click()
    card.get_by_label("Image prompt").fill("A quiet harbour")
    card.get_by_role("button", name="Redraw still").click()
    expect_status(page, "Agent6", "processing")
    expect_status(page, "Agent6", "finished")
    wait_until(page, "heard.status.includes('Agent6 has finished.')")
    assert heard(page, "alert") == [], heard(page, "alert")
    return {}


def reloaded(browser):
    """A reload and another tab show the same; message numbers rise, and no message is missing or repeated."""
    page = page_of(browser)
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append((socket, json.loads(text)))))
    start_with_form(page, board(2), "again")
    look = lambda page: [row(page, "Agent5").locator(".message").inner_text(), row(page, "Agent5").locator("progress").evaluate("bar => bar.value"),
                         page.locator("#cost-line").inner_text()]
    expect(row(page, "Agent5").locator(".message")).to_have_text("rendering the middle")
    before = look(page)
    assert before[1] == 0.5, before
    other = page_of(browser)
    other.goto(page.url)
    expect_status(other, "Agent5", "processing")
    assert look(other) == before, (look(other), before)
    page.reload()
    expect_status(page, "Agent5", "processing")
    assert look(page) == before, (look(page), before)
    for each in (page, other):
        expect_status(each, "Agent6", "finished")
        expect(each.locator("#film")).to_be_attached()
    assert look(page) == look(other)
    sockets = list(dict.fromkeys(socket for socket, _ in frames))
    assert len(sockets) == 2, len(sockets)
    first, second = ([frame for socket, frame in frames if socket is each] for each in sockets)
    seqs = [[frame["seq"] for frame in each if frame.get("type") != "away"] for each in (first, second)]
    assert all(each[0] <= each[1] and each[1:] == sorted(set(each[1:])) for each in seqs if len(each) > 1), seqs
    # The snapshot after the reload contains all earlier messages, and newer ones follow.
    assert second[0]["type"] == "snapshot" and seqs[0][-1] <= seqs[1][0] < seqs[1][1], seqs
    # Terminal messages are never dropped.
    ends = [(frame["agentNumber"], frame["status"]) for frame in first + second if frame.get("status") in ("error", "finished")]
    assert ends == [("Agent5", "error"), ("Agent6", "finished")], ends
    return {}


def failed(browser):
    """A job in which both agents failed: the takeover, the receipt, the bars, no message twice; a segment shows its error."""
    page = page_of(browser)
    page.goto(url + "/jobs/" + start(page, "poor", max_cost_usd=0.0001))
    expect_status(page, "Agent6", "error")
    expect(page.locator(".takeover summary").first).to_have_text("Agent5 (acme) failed: You exceeded your current quota. Agent6 took over and failed too.")
    page.locator(".takeover summary").first.click()
    expect(page.locator(".receipt")).to_contain_text("Agent6 took over.")
    expect(page.locator(".bars li[data-stage=agent5]")).to_be_visible()
    message = row(page, "Agent6").locator(".message").inner_text()
    assert "max_cost_usd" in message and page.get_by_text(message, exact=True).count() == 1, message
    expect(page.locator(".segment .blank").first).to_have_text("<b>A hill</b>, number 1")
    assert page.locator(".segment summary").first.is_visible()
    page.goto(url + "/jobs/" + start(page, "no-picture", image_provider="folder"))
    expect_status(page, "Agent6", "error")
    expect(page.locator("[data-segment=seg_1] .word")).to_have_text("failed")
    error = page.locator("[data-segment=seg_1] .why")
    expect(error).to_contain_text("seg_1")
    job = page.request.get(page.url.replace("/jobs/", "/api/jobs/")).json()
    assert error.inner_text() == job["segments"][0]["error"]["message"]
    return {}


def markup(browser):
    """Text of users and providers never becomes markup: in prompts, messages, errors, the list, the receipt."""
    page = page_of(browser)
    start_with_form(page, board(1, guidance=SCRIPT), "marked")
    expect_status(page, "Agent6", "finished")
    expect(row(page, "Agent5").locator(".message")).to_have_text(SCRIPT)
    expect(page.locator(".takeover summary").first).to_contain_text(SCRIPT)
    page.locator(".takeover summary").first.click()
    expect(page.locator(".receipt")).to_contain_text(SCRIPT)
    page.locator("[data-segment=seg_1] summary").click()
    expect(page.get_by_label("Image prompt")).to_have_value(SCRIPT)
    page.get_by_role("button", name="Enlarge the still of seg_1").click()
    expect(page.locator("#enlarged p")).to_have_text(SCRIPT)
    clean(page)
    page.goto(url + "/jobs/" + start(page, "marked-too", image_provider="folder"))
    expect_status(page, "Agent6", "error")
    # The name of the image folder looks like a tag.
    expect(page.locator(".why")).to_contain_text("<i>gone has no image")
    expect(row(page, "Agent6").locator(".message")).to_contain_text("<i>gone has no image")
    assert page.locator("main i").count() == 0
    clean(page)
    page.goto(url + "/jobs/" + SCRIPT.replace("/", "").replace(" ", "%20"))
    expect(page.locator("h1")).to_have_text("Render not found")
    clean(page)
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard (JSON)").fill(json.dumps({"segments": [{"id": SCRIPT, "duration": 1, "visual_guidance": "x"}]}))
    page.get_by_role("button", name="Estimate the cost").click()
    expect(page.locator(".violations")).to_contain_text("onerror")
    clean(page)
    forgive(400, 404)
    return {}


def clean(page):
    assert page.locator("img[src=x]").count() == 0 and page.evaluate("window.hacked") is None
