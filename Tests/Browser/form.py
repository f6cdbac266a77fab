# SPDX-License-Identifier: Apache-2.0
"""Scenes of the form that starts a job."""

import json
import os

from playwright.sync_api import expect

from browser import board, drop, forgive, page_of, tone, url, wait_until


def given(browser, film_path):
    """Dropped storyboards and narrations, options, captions in the player, a film that was deleted."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    storyboard = board(2, 2).replace('"n"', '"Once upon a time"')
    field = page.get_by_label("Storyboard (JSON)")
    drop(page, "div.drop", ("board.json", storyboard.encode()))
    expect(field).to_have_value(storyboard)
    # With the file chooser too.
    field.fill("")
    page.get_by_label("Paste it, drop a file here, or choose a file").set_input_files({"name": "board.json", "mimeType": "application/json", "buffer": storyboard.encode()})
    expect(field).to_have_value(storyboard)
    wrong_files(page, storyboard)
    drop(page, "fieldset.drop", ("seg_2.wav", tone(1.5)), ("seg_9.wav", tone(1)))
    page.get_by_role("button", name="Remove seg_9.wav").click()
    expect(page.get_by_label("Added narrations").get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Session").fill("given")
    price(page)
    page.get_by_label("Captions").select_option("sidecar")
    page.get_by_label("Image provider").select_option("card")
    page.locator("summary", has_text="More options").click()
    for text, complaint in (('{"width": 640,\n "height": }', "More options: not valid JSON, line 2"), ("[1]", "More options: expected a JSON object"),
                            ('{"width": 640, "colour": 1}', "/options/colour")):
        page.get_by_label("with the option names of").fill(text)
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".violations")).to_contain_text(complaint)
    page.get_by_label("with the option names of").fill('{"width": 640, "height": 360}')
    page.get_by_role("button", name="Start").click()
    film = page.locator("#film")
    expect(film).to_be_attached()
    captions(page, film)
    os.rename(film_path, film_path + ".gone")
    page.reload()
    expect(page.locator(".player .failure")).to_contain_text("may have been deleted")
    os.rename(film_path + ".gone", film_path)
    forgive(400, 404)
    return {"job": page.url.rsplit("/", 1)[1]}


def wrong_files(page, storyboard):
    """Dropped files go to their fields or are rejected by name; the browser opens no file that is dropped elsewhere."""
    drop(page, "div.drop", ("seg_1.wav", tone(1.5)))
    expect(page.get_by_label("Added narrations")).to_contain_text("seg_1: seg_1.wav")
    expect(page.get_by_label("Storyboard (JSON)")).to_have_value(storyboard)
    drop(page, "fieldset.drop", ("hill.png", b"\x89PNG\r\n"))
    expect(page.locator(".violations")).to_have_text("hill.png was not added: it is neither a storyboard (.json) nor an audio file.")
    drop(page, "div.drop", ("board.json", b"\x00\x01\x02"))
    expect(page.locator(".violations")).to_have_text("board.json was not added: it is not UTF-8 text. Save it as UTF-8.")
    expect(page.get_by_label("Storyboard (JSON)")).to_have_value(storyboard)
    assert drop(page, "h1", ("hill.png", b"\x89PNG\r\n")), "the browser opens a file that is dropped outside the fields"


def price(page):
    """The estimate takes the added narrations into account."""
    page.get_by_role("button", name="Estimate the cost").click()
    price = page.locator("form [role=status]")
    expect(price).to_contain_text("2 segments, 4 s")
    assert "narration" not in price.inner_text().lower(), price.inner_text()


def captions(page, film):
    tracks = "film => Object.fromEntries([...film.textTracks].map((track) => [track.kind, [...(track.cues ?? [])].map((cue) => cue.text)]))"
    caption_tracks = "[...document.getElementById('film').textTracks].filter(({ kind }) => kind == 'captions')"
    wait_until(page, caption_tracks + ".length > 0")
    page.evaluate(caption_tracks + ".forEach((track) => { track.mode = 'showing'; })")
    wait_until(page, caption_tracks + ".some(({ cues }) => cues?.length > 0)")
    cues = film.evaluate(tracks)
    assert cues == {"captions": ["Once upon a time"] * 2, "chapters": ["Once upon a time"] * 2}, cues
    assert film.evaluate("film => film.videoWidth") == 640


def refused(browser):
    """Violations of a storyboard with their lines; storyboards that are too large, too deep, and just small enough."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    field, wrong = page.get_by_label("Storyboard (JSON)"), page.locator(".violations li")

    def check(text):
        # Set at once: typing megabytes takes too long.
        field.evaluate("(field, text) => { field.value = text; }", text)
        page.get_by_role("button", name="Estimate the cost").click()

    check('{"segments": [\n{"id": "a", "duration": 1, "visual_guidance": "x"},\n{"id": }]}')
    expect(wrong).to_have_text('Line 3: the storyboard is not valid JSON: expected a value, found "}"')
    check('{"segments": [\n {"id": "a", "duration": 1, "visual_guidance": "x"},\n {"id": "a",\n  "duration": -1,\n  "visual_guidance": "y"}\n]}')
    expect(wrong).to_have_count(2)
    texts = sorted(wrong.all_inner_texts())
    assert texts[0].startswith("Line 3: /segments/1/id: ") and texts[1].startswith("Line 4: /segments/1/duration: "), texts
    page.get_by_role("button", name="Line 4").click()
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == '  "duration": -1,'
    check(board(1, guidance="y" * (9 << 20)))
    expect(wrong).to_have_text("The storyboard is too large: 9.0 MiB; the limit is 8.0 MiB.")
    check('{"segments": [\n{"id": "a", "visual_guidance": "%s"' % ("y" * (9 << 20)))
    expect(wrong).to_have_text("Line 2: the storyboard is not valid JSON: expected a comma or }, the text ends")
    check("[" * 100_000 + "]" * 100_000)
    expect(wrong).to_have_text("The storyboard is nested too deeply: the limit is 100 levels.")
    check("[" * 100_000)
    expect(wrong).to_have_text("Line 1: the storyboard is not valid JSON: expected a value, the text ends")
    large = json.loads(board(1))
    large["note"] = "y" * (7 << 20)
    check(json.dumps(large))
    expect(page.locator("form [role=status]")).to_contain_text("1 segment, 1 s", timeout=60_000)
    forgive(400)
    return {}
