"""Looks at the page with Chromium, as a user would: page.py URL SCENE [ARGUMENT...]. Prints one line of JSON; ends with 1 on a failure.

Scenes: job (starts a job by the form, sees the takeover, plays the film, draws a still again), cancel, keyboard, looks FOLDER JOB.
"""

import json
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

url, scene, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
faults = []


def board(count, seconds=1):
    segments = [
        {"id": "seg_%d" % n, "duration": seconds, "visual_guidance": "<b>A hill</b>, number %d" % n, "narration": "n"}
        for n in range(1, count + 1)
    ]
    return json.dumps({"segments": segments}, indent=1)


def page_of(browser, **options):
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append("error: %s" % error))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: faults.append("asks %s" % request.url) if not request.url.startswith((url, "blob:", "data:", url.replace("http", "ws"))) else None)
    return page


def begin(page, storyboard, session):
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard, as JSON").fill(storyboard)
    page.get_by_label("Session").fill(session)
    page.get_by_role("button", name="Start").click()


def row(page, agent):
    return page.locator("[data-agent=%s]" % agent)


def job(browser):
    page = page_of(browser)
    # Violations at their line, and the price, before anything is begun.
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard, as JSON").fill('{"segments": [\n{"id": "a", "duration": 1, "visual_guidance": "x"},\n{"id": }]}')
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator(".violations")).to_contain_text("line 3")
    page.get_by_label("Storyboard, as JSON").fill(board(3))
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator("form [role=status]")).to_contain_text("3 segments")
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
    expect(row(page, "Agent5")).to_have_attribute("data-status", "processing")
    assert not row(page, "Agent6").is_visible(), "Agent6 is shown before Agent5 failed"
    page.reload()
    expect(row(page, "Agent6")).to_have_attribute("data-status", "finished")
    expect(row(page, "Agent5")).to_have_attribute("data-status", "error")
    looks = page.evaluate("looks")
    seen = [look.split("/") for look in looks]
    assert all(lead == "error" or other == "hidden" for lead, other in seen), looks
    line = page.locator("#cost-line").inner_text()
    assert line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.003 | Total: $0.003", line
    assert page.evaluate("window.agentCosts") == {"Agent2": 0, "Agent4": 0, "Agent5": 0, "Agent6": 0.003}
    expect(page.locator(".takeover summary")).to_contain_text("You exceeded your current quota")
    film = page.locator("#film")
    film.evaluate("film => { film.muted = true; return film.play(); }")
    while film.evaluate("film => film.currentTime") <= 0.3:
        page.wait_for_timeout(50)
    assert film.evaluate("film => film.videoWidth") == 1920
    assert page.locator(".segment b").first.inner_text() == "seg_1"
    # Enlarge, close by the keyboard, and draw one again.
    page.get_by_role("button", name="Enlarge the still of seg_2").click()
    expect(page.locator("#enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#enlarged")).to_be_hidden()
    card = page.locator("[data-segment=seg_2]")
    card.locator("summary").click()
    card.get_by_label("What the picture shows").fill("A quiet harbour")
    card.get_by_role("button", name="Draw again").click()
    expect(row(page, "Agent6")).to_have_attribute("data-status", "processing")
    expect(row(page, "Agent6")).to_have_attribute("data-status", "finished")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the film").click()
    assert download.value.suggested_filename == "by-form.mp4"
    return {"job": page.url.rsplit("/", 1)[1], "looks": looks}


def cancel(browser):
    page = page_of(browser)
    begin(page, board(2), "to-cancel")
    expect(row(page, "Agent5")).to_have_attribute("data-status", "processing")
    page.get_by_role("button", name="Cancel").click()
    retry = page.get_by_role("button", name="Retry what failed")
    expect(retry).to_be_visible()
    retry.click()
    expect(page.locator("#film")).to_be_attached()
    return {}


def keyboard(browser):
    """From the list to a started job, the mouse untouched."""
    page = page_of(browser)
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Jobs")
    def reach(wanted):
        for _ in range(60):
            page.keyboard.press("Tab")
            text = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent")
            if wanted in text:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", "no focus is to be seen on %s" % wanted
                return
        raise AssertionError("%s cannot be reached by Tab" % wanted)
    reach("New job")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("New job")
    reach("Storyboard, as JSON")
    page.keyboard.insert_text(board(1))
    reach("Session")
    page.keyboard.type("by-keys")
    reach("Start")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("by-keys")
    expect(page.locator("#film")).to_be_attached()
    return {}


def looks(browser):
    folder, job = rest
    problems = []
    for scheme in ("light", "dark"):
        for width, height in ((320, 640), (360, 780), (1280, 900), (2560, 1440), (3840, 2160)):
            page = page_of(browser, viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce")
            for name, path in (("jobs", "/"), ("job", "/jobs/" + job), ("new", "/jobs/new"), ("services", "/services")):
                page.goto(url + path)
                expect(page.locator({"jobs": "tbody tr", "job": "#film", "new": "textarea", "services": "tbody tr"}[name]).first).to_be_attached()
                page.wait_for_load_state("networkidle") if name == "new" else page.wait_for_timeout(200)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    problems.append("%s at %d px is %d px too wide" % (name, width, wide))
                if width in (360, 1280, 2560):
                    page.screenshot(path="%s/%s-%d-%s.png" % (folder, name, width, scheme), full_page=True)
                if width in (360, 1280):
                    for violation in Axe().run(page).response["violations"]:
                        nodes = [" ".join(node["target"]) for node in violation["nodes"][:3]]
                        problems.append("%s at %d px, %s: %s: %s" % (name, width, scheme, violation["id"], nodes))
            page.context.close()
    assert not problems, problems
    return {}


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    try:
        answer = {"job": job, "cancel": cancel, "keyboard": keyboard, "looks": looks}[scene](browser)
        assert not faults, faults
        print(json.dumps(answer))
    finally:
        browser.close()
