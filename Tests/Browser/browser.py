# SPDX-License-Identifier: Apache-2.0
"""Helpers of all scenes: a page that records its errors, storyboards, sounds, drops and announcements."""

import base64
import io
import json
import math
import struct
import sys
import time
import wave

from playwright.sync_api import expect

url = sys.argv[1]
# Generous: all cores may be busy.
expect.set_options(timeout=30_000)
# What no page may do: throw, log an error, send requests to other sites.
faults = []
# Requests that failed, and those without a response so far.
lost, waiting = [], set()
# A text that must not become markup.
SCRIPT = "<img src=x onerror=\"window.hacked = 1\">"


def page_of(browser, **options):
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: faults.append("error: %s" % error))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: waiting.add(request))
    page.on("requestfinished", lambda request: waiting.discard(request))
    page.on("requestfailed", lambda request: (waiting.discard(request), lost.append((request.url, request.failure))))
    page.on("request", lambda request: faults.append("requests %s" % request.url) if not request.url.startswith((url, "blob:", "data:", url.replace("http", "ws"))) else None)
    return page


def wait_until(page, expression, seconds=30):
    """Waits until a JavaScript expression is true. Playwright's own wait evaluates texts in the page, which its policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, "not within %d s: %s" % (seconds, expression)
        page.wait_for_timeout(50)


def forgive(*statuses):
    """Drops Chromium's error messages about expected statuses."""
    faults[:] = [fault for fault in faults if not any(str(status) in fault for status in statuses)]


def board(count, seconds=1, guidance="<b>A hill</b>, number %d"):
    segments = [
        {"id": "seg_%d" % n, "duration": seconds, "visual_guidance": guidance % n if "%" in guidance else guidance, "narration": "n"}
        for n in range(1, count + 1)
    ]
    return json.dumps({"segments": segments}, indent=1)


def start_with_form(page, storyboard, session, options='{"width": 320, "height": 180}'):
    """Starts a job with the form and waits for its page; its film is small unless the options say otherwise."""
    page.goto(url + "/jobs/new")
    page.get_by_label("Storyboard (JSON)").fill(storyboard)
    page.get_by_label("Session").fill(session)
    if options:
        page.locator("summary", has_text="More options").click()
        page.get_by_label("with the option names of").fill(options)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("h1")).to_have_text(session)


def start(page, session, count=1, **options):
    """Starts a job with the API; its film is small unless the options say otherwise. Returns its ID."""
    answer = page.request.post(url + "/api/jobs", headers={"X-Understudy": "1"}, data={
        "session_id": session, "pipeline_data": {"storyboard": json.loads(board(count))}, "options": {"width": 320, "height": 180, **options}})
    assert answer.status == 201, answer.text()
    return answer.json()["job_id"]


def row(page, agent):
    return page.locator("[data-agent=%s]" % agent)


def expect_status(page, agent, status, **options):
    expect(row(page, agent)).to_have_attribute("data-status", status, **options)


def tone(seconds):
    """A narration, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<h", int(16000 * math.sin(n / 8))) for n in range(int(16000 * seconds))))
    return file.getvalue()


def drop(page, selector, *files):
    """Drops files, each (name, bytes), like a user. Returns whether the page kept the browser from opening them."""
    return page.locator(selector).evaluate("""(place, files) => {
      const data = new DataTransfer();
      for (const [name, text] of files) data.items.add(new File([Uint8Array.from(atob(text), (each) => each.charCodeAt())], name));
      return ["dragover", "drop"].map((kind) => place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })))
        .every((goesOn) => !goesOn);
    }""", [[name, base64.b64encode(content).decode()] for name, content in files])


def listen(page):
    """Records from now on, on every page, what screen readers announce: texts that are added to a live region."""
    page.add_init_script("""
      window.heard = { status: [], alert: [] };
      new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
          const role = target.closest?.("[role=status], [role=alert]")?.getAttribute("role");
          for (const node of addedNodes) if (role && node.textContent.trim()) heard[role].push(node.textContent);
        }
      }).observe(document, { subtree: true, childList: true });
    """)


def heard(page, role):
    return page.evaluate("role => heard[role]", role)


def focused(page):
    """The accessible name of the focused element."""
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? (document.activeElement.labels?.[0] ?? document.activeElement).textContent")


def reach(page, wanted, key="Tab"):
    """Presses a key until the name of the focused element contains a text; the focus must be visible."""
    for _ in range(80):
        page.keyboard.press(key)
        if wanted in focused(page):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", "the focus is not visible on %s" % wanted
            return
    raise AssertionError("%s cannot be reached with %s" % (wanted, key))
