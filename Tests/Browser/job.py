"""Scenes of one job's page."""

import json

from playwright.sync_api import expect

from browser import SCRIPT, begin, board, forgive, heard, listen, page_of, row, stands, start, url


def job(browser):
    """A job by the form: violations and price first, the takeover, cost, film, chapters, a still drawn again, the download."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard, as JSON").fill(board(3))
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator("form [role=status]")).to_contain_text("3 segments, 3 s")
    # Every look of the rows is noted, from before the job on.
    page.add_init_script("""
      window.looks = [];
      new MutationObserver(() => {
        const look = (name) => { const row = document.querySelector(`[data-agent=${name}]`); return row && !row.hidden ? row.dataset.status : "hidden"; };
        const now = look("Agent5") + "/" + look("Agent6");
        if (document.querySelector("[data-agent]") && looks.at(-1) !== now) looks.push(now);
      }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "data-status"] });
    """)
    begin(page, board(3), "by-form")
    stands(page, "Agent5", "processing")
    assert not row(page, "Agent6").is_visible(), "Agent6 is shown before Agent5 failed"
    for agent, text in (("Agent2", "The storyboard was given."), ("Agent4", "Narrations are used as they were given.")):
        assert row(page, agent).is_visible(), agent
        expect(row(page, agent)).to_contain_text(text)
    page.reload()
    stands(page, "Agent6", "finished")
    stands(page, "Agent5", "error")
    looks = page.evaluate("looks")
    assert all(lead == "error" or other == "hidden" for lead, other in (look.split("/") for look in looks)), looks
    line = page.locator("#cost-line").inner_text()
    assert line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.003 | Total: $0.003", line
    assert page.evaluate("window.agentCosts") == {"Agent2": 0, "Agent4": 0, "Agent5": 0, "Agent6": 0.003}
    receipt(page)
    film(page)
    redraw(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the film").click()
    assert download.value.suggested_filename == "by-form.mp4"
    return {"job": page.url.rsplit("/", 1)[1], "looks": looks}


def receipt(page):
    """One sentence, the receipt's words behind it, its JSON behind these; the stages as bars."""
    box = page.locator(".takeover")
    expect(box.locator("summary").first).to_have_text("Agent5 (acme) failed: You exceeded your current quota. Agent6 took over and made 3 of 3 segments.")
    words = box.locator(".receipt")
    assert not words.is_visible(), "the receipt is open"
    box.locator("summary").first.click()
    for text in ("Agent5 was asked, and failed after", "“You exceeded your current quota” (acme).", "Agent6 stepped in.",
                 "seg_1 to seg_3: Agent6, from a card, $0.003", "It cost $0.003 in all: Agent6 $0.003.", "Nothing was wasted."):
        expect(words).to_contain_text(text)
    raw = box.get_by_label("The receipt as JSON")
    assert not raw.is_visible(), "the JSON is open"
    box.locator(".raw summary").click()
    assert json.loads(raw.inner_text())["takeover"]["kind"] == "quota_exhausted"
    assert raw.bounding_box()["height"] <= 400, "the JSON is as long as it likes"
    bars = {each.get_attribute("data-stage"): each.locator("meter") for each in page.locator(".bars li").all()}
    assert {"agent5", "images", "clips", "stitch", "verify"} <= set(bars), list(bars)
    longest = max(float(bar.get_attribute("value")) for bar in bars.values())
    assert all(float(bar.get_attribute("max")) == longest and bar.get_attribute("aria-label") for bar in bars.values())
    stages = page.request.get(page.url.replace("/jobs/", "/api/jobs/") + "/receipt").json()["stages"]
    assert float(bars["agent5"].get_attribute("value")) == next(each["seconds"] for each in stages if each["stage"] == "agent5")


def film(page):
    """It plays, and its chapters lead to their place."""
    film = page.locator("#film")
    film.evaluate("film => { film.muted = true; return film.play(); }")
    while film.evaluate("film => film.currentTime") <= 0.3:
        page.wait_for_timeout(50)
    assert film.evaluate("film => film.videoWidth") == 1920
    film.evaluate("film => film.pause()")
    chapters = page.get_by_role("navigation", name="Chapters").get_by_role("button")
    assert chapters.all_inner_texts() == ["0:00 seg_1", "0:01 seg_2", "0:02 seg_3"], chapters.all_inner_texts()
    chapters.nth(2).click()
    expect(chapters.nth(2)).to_have_attribute("aria-current", "true")
    assert film.evaluate("film => film.currentTime") >= 2
    film.evaluate("film => film.pause()")


def redraw(page):
    """Enlarge, close by the keyboard, and draw one again from the words that it was drawn from."""
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
    prompt = card.get_by_label("What the picture shows")
    expect(prompt).to_have_value("<b>A hill</b>, number 2")
    prompt.fill("A quiet harbour")
    card.get_by_role("button", name="Draw again").click()
    expect(page.locator("#news .note")).to_have_text("seg_2 is drawn again.")
    stands(page, "Agent6", "processing")
    stands(page, "Agent6", "finished")
    expect(prompt).to_have_value("A quiet harbour")
    expect(page.locator(".receipt")).to_contain_text("kept from an earlier run")


def seconds_of(page, segment):
    job = page.request.get(page.url.replace("/jobs/", "/api/jobs/")).json()
    taken = next(each["made_s"] for each in job["segments"] if each["segment_id"] == segment)
    return page.evaluate("async taken => (await import('/assets/format.js')).seconds(taken)", taken)


def told(browser):
    """What is announced: states, quarters, the failure, the takeover once; nothing of it after a reload, no takeover for a still."""
    page = page_of(browser)
    listen(page)
    begin(page, board(4), "told")
    stands(page, "Agent6", "finished")
    alerts, news = heard(page, "alert"), heard(page, "status")
    assert alerts == ["Agent5 failed. You exceeded your current quota", "Agent6 takes over."], alerts
    assert "Agent5: 50 percent." in news and "Agent6 is finished." in news, news
    percents = [each.split(": ")[1] for each in news if "percent" in each]
    assert set(percents) <= {"25 percent.", "50 percent.", "75 percent.", "100 percent."} and len(percents) >= 2, news
    assert len([each for each in news if each.startswith("Agent5: ")]) == len({each for each in news if each.startswith("Agent5: ")}), news
    assert page.locator("progress[max='1']").count() == 4
    page.reload()
    stands(page, "Agent6", "finished")
    card = page.locator("[data-segment=seg_1]")
    card.locator("summary").click()
    card.get_by_label("What the picture shows").fill("A quiet harbour")
    card.get_by_role("button", name="Draw again").click()
    stands(page, "Agent6", "processing")
    stands(page, "Agent6", "finished")
    page.wait_for_function("heard.status.includes('Agent6 is finished.')")
    assert heard(page, "alert") == [], heard(page, "alert")
    return {}


def again(browser):
    """A reload in the middle, and another tab, see the same; numbers of messages go up, and none is missing or repeated."""
    page = page_of(browser)
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append((socket, json.loads(text)))))
    begin(page, board(2), "again")
    look = lambda page: [row(page, "Agent5").locator(".message").inner_text(), row(page, "Agent5").locator("progress").evaluate("bar => bar.value"),
                         page.locator("#cost-line").inner_text()]
    expect(row(page, "Agent5").locator(".message")).to_have_text("rendering the middle")
    before = look(page)
    assert before[1] == 0.5, before
    other = page_of(browser)
    other.goto(page.url)
    stands(other, "Agent5", "processing")
    assert look(other) == before, (look(other), before)
    page.reload()
    stands(page, "Agent5", "processing")
    assert look(page) == before, (look(page), before)
    for each in (page, other):
        stands(each, "Agent6", "finished")
        expect(each.locator("#film")).to_be_attached()
    assert look(page) == look(other)
    sockets = list(dict.fromkeys(socket for socket, _ in frames))
    assert len(sockets) == 2, len(sockets)
    first, second = ([frame for socket, frame in frames if socket is each] for each in sockets)
    seqs = [[frame["seq"] for frame in each if frame.get("type") != "away"] for each in (first, second)]
    assert all(each[0] <= each[1] and each[1:] == sorted(set(each[1:])) for each in seqs if len(each) > 1), seqs
    # The snapshot after the reload holds all that was told before it, and what follows is newer.
    assert second[0]["type"] == "snapshot" and seqs[0][-1] <= seqs[1][0] < seqs[1][1], seqs
    # The last of each agent is never left out.
    ends = [(frame["agentNumber"], frame["status"]) for frame in first + second if frame.get("status") in ("error", "finished")]
    assert ends == [("Agent5", "error"), ("Agent6", "finished")], ends
    return {}


def failed(browser):
    """A job that both failed: the sentence, the receipt, the bars, and no text twice; a segment says why it failed."""
    page = page_of(browser)
    page.goto(url + "/jobs/" + start(page, "poor", max_cost_usd=0.0001))
    stands(page, "Agent6", "error")
    expect(page.locator(".takeover summary").first).to_have_text("Agent5 (acme) failed: You exceeded your current quota. Agent6 took over, and failed too.")
    page.locator(".takeover summary").first.click()
    expect(page.locator(".receipt")).to_contain_text("Agent6 stepped in.")
    expect(page.locator(".bars li[data-stage=agent5]")).to_be_visible()
    message = row(page, "Agent6").locator(".message").inner_text()
    assert "max_cost_usd" in message and page.get_by_text(message, exact=True).count() == 1, message
    expect(page.locator(".segment .blank").first).to_have_text("<b>A hill</b>, number 1")
    assert page.locator(".segment summary").first.is_visible()
    page.goto(url + "/jobs/" + start(page, "no-picture", image_provider="folder"))
    stands(page, "Agent6", "error")
    expect(page.locator("[data-segment=seg_1] .word")).to_have_text("failed")
    why = page.locator("[data-segment=seg_1] .why")
    expect(why).to_contain_text("seg_1")
    job = page.request.get(page.url.replace("/jobs/", "/api/jobs/")).json()
    assert why.inner_text() == job["segments"][0]["error"]["message"]
    return {}


def markup(browser):
    """Text of users and of providers is text: in prompts, messages, reasons, the list, the receipt."""
    page = page_of(browser)
    begin(page, board(1, guidance=SCRIPT), "marked")
    stands(page, "Agent6", "finished")
    expect(row(page, "Agent5").locator(".message")).to_have_text(SCRIPT)
    expect(page.locator(".takeover summary").first).to_contain_text(SCRIPT)
    page.locator(".takeover summary").first.click()
    expect(page.locator(".receipt")).to_contain_text(SCRIPT)
    page.locator("[data-segment=seg_1] summary").click()
    expect(page.get_by_label("What the picture shows")).to_have_value(SCRIPT)
    page.get_by_role("button", name="Enlarge the still of seg_1").click()
    expect(page.locator("#enlarged p")).to_have_text(SCRIPT)
    clean(page)
    page.goto(url + "/jobs/" + start(page, "marked-too", image_provider="folder"))
    stands(page, "Agent6", "error")
    # The folder of the pictures has a name like a tag.
    expect(page.locator(".why")).to_contain_text("<i>gone has no picture")
    expect(row(page, "Agent6").locator(".message")).to_contain_text("<i>gone has no picture")
    assert page.locator("main i").count() == 0
    clean(page)
    page.goto(url + "/jobs/" + SCRIPT.replace("/", "").replace(" ", "%20"))
    expect(page.locator("h1")).to_have_text("There is no such job")
    clean(page)
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard, as JSON").fill(json.dumps({"segments": [{"id": SCRIPT, "duration": 1, "visual_guidance": "x"}]}))
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator(".violations")).to_contain_text("onerror")
    clean(page)
    forgive(400, 404)
    return {}


def clean(page):
    assert page.locator("img[src=x]").count() == 0 and page.evaluate("window.hacked") is None
