# SPDX-License-Identifier: Apache-2.0
"""Accessibility: the keyboard, reduced motion, formats and time zones, screen widths, colour schemes, and axe."""

import datetime

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser import board, heard, listen, page_of, reach, row, expect_status, start, url


def keyboard(browser):
    """Starts, cancels and retries a job and redraws a still with the keyboard alone."""
    page = page_of(browser)
    listen(page)
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Renders")
    reach(page, "New film")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("New film")
    reach(page, "Storyboard (JSON)")
    page.keyboard.insert_text(board(1))
    reach(page, "Session")
    page.keyboard.type("by-keys")
    skip_link(page)
    reach(page, "Start")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("by-keys")
    expect_status(page, "Agent5", "processing")
    reach(page, "Cancel")
    page.keyboard.press("Enter")
    # The button that replaces it has the focus.
    expect(page.get_by_role("button", name="Retry")).to_be_focused()
    assert heard(page, "alert") == [] and "The render was cancelled." in heard(page, "status"), (heard(page, "alert"), heard(page, "status"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    expect(page.locator("#film")).to_be_attached()
    # A finished job has neither button: the title has the focus.
    expect(page.locator("h1")).to_be_focused()
    reach(page, "Redraw seg_1")
    page.keyboard.press("Enter")
    reach(page, "Image prompt")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("A quiet harbour")
    reach(page, "Redraw still")
    page.keyboard.press("Enter")
    expect(page.locator("[data-segment=seg_1]")).to_be_focused()
    expect_status(page, "Agent6", "processing")
    expect_status(page, "Agent6", "finished")
    expect(page.locator("[data-segment=seg_1]")).to_be_focused()
    return {}


def skip_link(page):
    """The skip link moves the focus to the content and keeps what was typed."""
    reach(page, "Skip to content", "Shift+Tab")
    assert page.locator(".skip").bounding_box()["x"] >= 0, "the skip link is not visible"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.get_by_label("Session")).to_have_value("by-keys")
    # A change of the fragment is not another page.
    page.evaluate("location.hash = 'view'")
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    expect(page.get_by_label("Session")).to_have_value("by-keys")


def motion(browser):
    """With reduced motion nothing moves, and the state is shown as text."""
    page = page_of(browser)
    page.goto(url + "/jobs/" + start(page, "held-1"))
    light = lambda page: row(page, "Agent5").locator(".light").evaluate("light => getComputedStyle(light).animationName")
    expect_status(page, "Agent5", "processing")
    assert light(page) == "turn", light(page)
    calm = page_of(browser, reduced_motion="reduce")
    calm.goto(page.url)
    expect_status(calm, "Agent5", "processing")
    assert light(calm) == "none", light(calm)
    expect(row(calm, "Agent5").locator(".word")).to_have_text("working")
    moving = calm.evaluate("""[...document.querySelectorAll("*")].filter((each) => {
      const style = getComputedStyle(each);
      return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
    }).map((each) => each.className)""")
    assert moving == [], moving
    return {}


def formats(browser):
    """Money and durations are formatted for people, times are in the user's time zone."""
    page = page_of(browser)
    page.goto(url)
    formatted = lambda name, values: page.evaluate("async ([name, values]) => values.map((await import('/assets/format.js'))[name])", [name, values])
    durations = {0: "0 s", 0.0004: "1 ms", 0.04: "40 ms", 0.0996: "0.1 s", 0.1: "0.1 s", 1.25: "1.3 s", 9.94: "9.9 s", 9.97: "10 s", 59.4: "59 s", 59.7: "1 min",
                 60: "1 min", 61: "1 min 1 s", 119.6: "2 min", 3599.4: "59 min 59 s", 3599.8: "1 h", 3660: "1 h 1 min", 86399: "1 day", 90000: "1 day 1 h",
                 259200: "3 days", -1: "0 s"}
    assert formatted("seconds", list(durations)) == list(durations.values()), formatted("seconds", list(durations))
    assert formatted("seconds", [None]) == [""]
    sums = {0: "$0.00", 0.00004: "$0.00004", 0.001: "$0.001", 0.0025: "$0.0025", 0.01: "$0.01", 0.15: "$0.15", 0.3333: "$0.3333", 1: "$1.00", 12.5: "$12.50",
            1234.5: "$1,234.50", 1000000: "$1,000,000.00", -0.01: "-$0.01", -1234.5: "-$1,234.50", -0.0000001: "$0.00"}
    assert formatted("money", list(sums)) == list(sums.values()), formatted("money", list(sums))
    assert formatted("money", [None]) == ["$0.00"]
    assert formatted("position", [0, 7.2, 62, 3723]) == ["0:00", "0:07", "1:02", "1:02:03"]
    assert formatted("sentence", ["no sound", "seg_1: no sound", "Done."]) == ["No sound.", "seg_1: no sound.", "Done."]
    job = page.request.get(url + "/api/jobs/" + start(page, "zoned", max_cost_usd=0.0001)).json()
    started = datetime.datetime.fromisoformat(job["created_at"].replace("Z", "+00:00"))
    # Kolkata has no daylight saving time.
    for zone, offset in (("Asia/Kolkata", 5.5), ("UTC", 0)):
        there = page_of(browser, timezone_id=zone, locale="en-GB")
        there.goto(url)
        wanted = (started + datetime.timedelta(hours=offset)).strftime("%H:%M")
        expect(there.locator("tbody tr", has_text="zoned")).to_contain_text(wanted)
        there.goto(url + "/jobs/" + job["job_id"])
        expect(there.locator("main")).to_contain_text(wanted)
    return {}


def complaints(page, name):
    return ["%s: %s: %s" % (name, violation["id"], [" ".join(node["target"]) for node in violation["nodes"][:3]])
            for violation in Axe().run(page).response["violations"]]


def states(browser):
    """Axe finds nothing on running and failed jobs, on a form with violations, and on a question."""
    problems = []
    page = page_of(browser)
    jobs = {"running": start(page, "held-1", 3), "drawing": start(page, "drawn", 3), "failed": start(page, "poor", max_cost_usd=0.0001),
            "without a picture": start(page, "no-picture", image_provider="folder")}
    for scheme in ("light", "dark"):
        for width in (320, 1280):
            page = page_of(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
            for name, job in jobs.items():
                page.goto(url + "/jobs/" + job)
                if name == "running":
                    expect_status(page, "Agent5", "processing")
                else:
                    expect_status(page, "Agent5", "error")
                    expect(page.locator(".takeover")).to_be_visible()
                if name in ("failed", "without a picture"):
                    expect_status(page, "Agent6", "error")
                    page.locator(".takeover summary").first.click()
                    page.locator(".raw summary").click()
                    page.locator(".segment summary").first.click()
                problems += complaints(page, "%s at %d px, %s" % (name, width, scheme))
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    problems.append("%s at %d px is %d px too wide" % (name, width, wide))
            page.goto(url + "/jobs/new")
            page.get_by_label("Storyboard (JSON)").fill('{"segments": [\n{"id": }]}')
            page.get_by_role("button", name="Estimate the cost").click()
            expect(page.locator(".violations")).to_contain_text("Line 2")
            problems += complaints(page, "refused at %d px, %s" % (width, scheme))
            page.goto(url)
            page.get_by_role("button", name="Retry all failed renders").click()
            expect(page.locator("#question")).to_be_visible()
            problems += complaints(page, "question at %d px, %s" % (width, scheme))
            page.context.close()
    assert not problems, problems
    return {}


def looks(browser, job, folder=None):
    """No page is too wide from 320 px to 4K, in both colour schemes, and axe finds nothing; takes screenshots if there is a folder."""
    problems = []
    for scheme in ("light", "dark"):
        for width, height in ((320, 640), (360, 780), (1280, 900), (2560, 1440), (3840, 2160)):
            page = page_of(browser, viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce")
            for name, path in (("jobs", "/"), ("job", "/jobs/" + job), ("new", "/jobs/new"), ("services", "/services"), ("drill", "/drill")):
                page.goto(url + path)
                expect(page.locator({"jobs": "tbody tr", "job": ".chapters button", "new": "textarea", "services": "[data-breaker]", "drill": "tbody tr"}[name]).first).to_be_attached()
                if name == "new":
                    page.wait_for_load_state("networkidle")
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    problems.append("%s at %d px is %d px too wide" % (name, width, wide))
                if folder and width in (360, 1280, 2560):
                    page.screenshot(path="%s/%s-%d-%s.png" % (folder, name, width, scheme), full_page=True)
                if width in (360, 1280):
                    problems += complaints(page, "%s at %d px, %s" % (name, width, scheme))
            page.context.close()
    assert not problems, problems
    return {}
