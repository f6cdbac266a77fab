"""Looks at the page with Chromium, as a user would: page.py URL SCENE [ARGUMENT...]. Prints one line of JSON; ends with 1 on a failure.

Scenes: job (starts a job by the form, sees the takeover, plays the film, draws a still again), given FILM (what the form can be given,
captions, a deleted film), list, services, drill, cancel, keyboard, looks FOLDER JOB.
"""

import base64
import io
import json
import math
import os
import struct
import sys
import wave

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


def tone(seconds):
    """A narration, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<h", int(16000 * math.sin(n / 8))) for n in range(int(16000 * seconds))))
    return file.getvalue()


def drop(page, selector, *files):
    """Drops files, each (name, bytes), as a hand would."""
    page.locator(selector).evaluate("""(place, files) => {
      const data = new DataTransfer();
      for (const [name, text] of files) data.items.add(new File([Uint8Array.from(atob(text), (each) => each.charCodeAt())], name));
      for (const kind of ["dragenter", "dragover", "drop"]) place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }""", [[name, base64.b64encode(content).decode()] for name, content in files])


def given(browser):
    """Storyboard and narrations by drop, options, captions in the player, a film that is deleted."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    drop(page, "div.drop", ("board.json", board(2, 2).replace('"n"', '"Once upon a time"').encode()))
    expect(page.get_by_label("Storyboard, as JSON")).to_have_value(board(2, 2).replace('"n"', '"Once upon a time"'))
    drop(page, "fieldset.drop", ("seg_1.wav", tone(1.5)), ("seg_2.wav", tone(1.5)), ("seg_9.wav", tone(1)))
    page.get_by_role("button", name="Remove seg_9.wav").click()
    expect(page.get_by_label("Narrations that were given").get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Captions").select_option("sidecar")
    page.get_by_label("Stills are drawn by").select_option("card")
    page.locator("summary", has_text="All other options").click()
    page.get_by_label("with the names of").fill('{"width": 640,\n "height": }')
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".violations")).to_contain_text("The other options are not JSON, line 2")
    page.get_by_label("with the names of").fill('{"width": 640, "colour": 1}')
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".violations")).to_contain_text("/options/colour")
    page.get_by_label("with the names of").fill('{"width": 640, "height": 360}')
    page.get_by_label("Session").fill("given")
    page.get_by_role("button", name="Start").click()
    film = page.locator("#film")
    expect(film).to_be_attached()
    tracks = "film => Object.fromEntries([...film.textTracks].map((track) => [track.kind, [...(track.cues ?? [])].map((cue) => cue.text)]))"
    film.evaluate("async film => { while (![...film.textTracks].some(({ kind }) => kind == 'captions')) await new Promise((done) => setTimeout(done, 50));"
                  " for (const track of film.textTracks) if (track.kind == 'captions') track.mode = 'showing'; }")
    while not film.evaluate(tracks).get("captions"):
        page.wait_for_timeout(50)
    told = film.evaluate(tracks)
    assert told == {"captions": ["Once upon a time"] * 2, "chapters": ["seg_1", "seg_2"]}, told
    assert film.evaluate("film => film.videoWidth") == 640
    os.rename(rest[0], rest[0] + ".gone")
    page.reload()
    expect(page.locator(".player .failure")).to_contain_text("may have been deleted")
    os.rename(rest[0] + ".gone", rest[0])
    # Chromium's own words for what was refused, and for the film that is not there.
    faults[:] = [fault for fault in faults if "400" not in fault and "404" not in fault]
    return {"job": page.url.rsplit("/", 1)[1]}


def jobs(browser):
    """The list: rows that come and change by themselves, filters, search, all that failed again."""
    page = page_of(browser)
    page.goto(url)
    expect(page.get_by_text("No job here yet")).to_be_visible()
    def start(session, **options):
        answer = page.request.post(url + "/api/jobs", headers={"X-Understudy": "1"}, data={
            "session_id": session, "pipeline_data": {"storyboard": json.loads(board(1))}, "options": options})
        assert answer.status == 201, answer.text()
    start("poor-1", max_cost_usd=0.0001)
    start("poor-2", max_cost_usd=0.0001)
    start("rich")
    state = lambda session: page.locator("tbody tr", has_text=session).locator(".word")
    expect(state("rich")).to_have_text("finished")
    expect(state("poor-1")).to_have_text("failed")
    expect(state("poor-2")).to_have_text("failed")
    page.get_by_label("State").select_option("error")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Search").fill("POOR-2")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(url)
    page.get_by_role("button", name="Retry all failed jobs").click()
    expect(page.locator("#news")).to_have_text("2 jobs run again, 0 could not.")
    expect(state("poor-1")).to_have_text("failed")
    return {}


def services(browser):
    page = page_of(browser)
    page.goto(url + "/services")
    expect(page.locator("tbody").first.locator("tr")).to_have_count(7)
    breaker = page.locator("[data-breaker=agent5]")
    expect(breaker).to_contain_text("closed")
    page.get_by_role("button", name="Open: agent5").click()
    expect(breaker).to_contain_text("open, held by hand")
    expect(page.locator("#news")).to_have_text("The breaker of agent5 is open.")
    # A job goes straight to the understudy now.
    begin(page, board(1), "held")
    expect(page.locator(".takeover summary")).to_contain_text("breaker")
    page.goto(url + "/services")
    page.get_by_role("button", name="Close: agent5").click()
    expect(breaker).to_contain_text("closed, held by hand")
    page.get_by_role("button", name="Let it decide: agent5").click()
    expect(breaker).not_to_contain_text("held by hand")
    return {}


def drill(browser):
    """The table fills while the faults are played."""
    page = page_of(browser)
    page.goto(url + "/drill")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(16)
    page.get_by_role("button", name="Play the drill").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(rows.first).to_have_attribute("data-verdict", "passed", timeout=60_000)
    assert rows.last.get_attribute("data-verdict") == "", "the table came at once"
    assert page.request.post(url + "/api/drill", headers={"X-Understudy": "1"}).status == 409
    # Who comes later sees the same table.
    page.reload()
    expect(rows.first).to_have_attribute("data-verdict", "passed")
    expect(page.locator("main [role=status]")).to_have_text("All 16 passed.", timeout=240_000)
    assert page.locator("[data-verdict=passed]").count() == 16
    page.get_by_role("button", name="Play the drill").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("main [role=status]")).to_contain_text("Stopped after 0 of 16")
    return {}


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
            for name, path in (("jobs", "/"), ("job", "/jobs/" + job), ("new", "/jobs/new"), ("services", "/services"), ("drill", "/drill")):
                page.goto(url + path)
                expect(page.locator({"jobs": "tbody tr", "job": "#film", "new": "textarea", "services": "tbody tr", "drill": "tbody tr"}[name]).first).to_be_attached()
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
        answer = {"job": job, "given": given, "list": jobs, "services": services, "drill": drill, "cancel": cancel, "keyboard": keyboard, "looks": looks}[scene](browser)
        assert not faults, faults
        print(json.dumps(answer))
    finally:
        browser.close()
