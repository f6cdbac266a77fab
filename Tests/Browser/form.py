"""Scenes of the form that starts a job."""

import json
import os

from playwright.sync_api import expect

from browser import board, drop, forgive, page_of, tone, url


def given(browser, film_path):
    """Storyboard and narrations by drop, options, captions in the player, a film that is deleted."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    storyboard = board(2, 2).replace('"n"', '"Once upon a time"')
    field = page.get_by_label("Storyboard, as JSON")
    drop(page, "div.drop", ("board.json", storyboard.encode()))
    expect(field).to_have_value(storyboard)
    # By the chooser too.
    field.fill("")
    page.get_by_label("Paste it, drop a file here, or choose one").set_input_files({"name": "board.json", "mimeType": "application/json", "buffer": storyboard.encode()})
    expect(field).to_have_value(storyboard)
    wrong_files(page, storyboard)
    drop(page, "fieldset.drop", ("seg_2.wav", tone(1.5)), ("seg_9.wav", tone(1)))
    page.get_by_role("button", name="Remove seg_9.wav").click()
    expect(page.get_by_label("Narrations that were given").get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Session").fill("given")
    price(page)
    page.get_by_label("Captions").select_option("sidecar")
    page.get_by_label("Stills are drawn by").select_option("card")
    page.locator("summary", has_text="All other options").click()
    for text, complaint in (('{"width": 640,\n "height": }', "The other options are not JSON, line 2"), ("[1]", "no JSON object"),
                            ('{"width": 640, "colour": 1}', "/options/colour")):
        page.get_by_label("with the names of").fill(text)
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".violations")).to_contain_text(complaint)
    page.get_by_label("with the names of").fill('{"width": 640, "height": 360}')
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
    """What is dropped goes where it belongs, or is refused by its name; what misses the fields is not opened by the browser."""
    drop(page, "div.drop", ("seg_1.wav", tone(1.5)))
    expect(page.get_by_label("Narrations that were given")).to_contain_text("seg_1: seg_1.wav")
    expect(page.get_by_label("Storyboard, as JSON")).to_have_value(storyboard)
    drop(page, "fieldset.drop", ("hill.png", b"\x89PNG\r\n"))
    expect(page.locator(".violations")).to_have_text("hill.png was not taken: it is neither a storyboard (.json) nor a sound file.")
    drop(page, "div.drop", ("board.json", b"\x00\x01\x02"))
    expect(page.locator(".violations")).to_have_text("board.json was not taken: it is not text, or text in UTF-16. Save it as UTF-8.")
    expect(page.get_by_label("Storyboard, as JSON")).to_have_value(storyboard)
    assert drop(page, "h1", ("hill.png", b"\x89PNG\r\n")), "the browser opens what is dropped beside the fields"


def price(page):
    """The price knows the narrations that were given."""
    page.get_by_role("button", name="What would it cost?").click()
    price = page.locator("form [role=status]")
    expect(price).to_contain_text("2 segments, 4 s")
    assert "narration" not in price.inner_text().lower(), price.inner_text()


def captions(page, film):
    tracks = "film => Object.fromEntries([...film.textTracks].map((track) => [track.kind, [...(track.cues ?? [])].map((cue) => cue.text)]))"
    film.evaluate("async film => { while (![...film.textTracks].some(({ kind }) => kind == 'captions')) await new Promise((done) => setTimeout(done, 50));"
                  " for (const track of film.textTracks) if (track.kind == 'captions') track.mode = 'showing'; }")
    while not film.evaluate(tracks).get("captions"):
        page.wait_for_timeout(50)
    told = film.evaluate(tracks)
    assert told == {"captions": ["Once upon a time"] * 2, "chapters": ["seg_1", "seg_2"]}, told
    assert film.evaluate("film => film.videoWidth") == 640


def refused(browser):
    """What is wrong with a storyboard, at its line; one that is too large, or too deep, and one that is as large as it may be."""
    page = page_of(browser)
    page.goto(url + "/jobs/new")
    field, wrong = page.get_by_label("Storyboard, as JSON"), page.locator(".violations li")

    def ask(text):
        # Megabytes are not typed.
        field.evaluate("(field, text) => { field.value = text; }", text)
        page.get_by_role("button", name="What would it cost?").click()

    ask('{"segments": [\n{"id": "a", "duration": 1, "visual_guidance": "x"},\n{"id": }]}')
    expect(wrong).to_have_text('Line 3: the storyboard is not JSON: expected a value, found "}"')
    ask('{"segments": [\n {"id": "a", "duration": 1, "visual_guidance": "x"},\n {"id": "a",\n  "duration": -1,\n  "visual_guidance": "y"}\n]}')
    expect(wrong).to_have_count(2)
    texts = sorted(wrong.all_inner_texts())
    assert texts[0].startswith("Line 3: /segments/1/id: ") and texts[1].startswith("Line 4: /segments/1/duration: "), texts
    page.get_by_role("button", name="Line 4").click()
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == '  "duration": -1,'
    ask(board(1, guidance="y" * (9 << 20)))
    expect(wrong).to_have_text("The storyboard is too large: it has 9.0 MiB, of at most 8.0 MiB.")
    ask('{"segments": [\n{"id": "a", "visual_guidance": "%s"' % ("y" * (9 << 20)))
    expect(wrong).to_have_text("Line 2: the storyboard is not JSON: expected a comma or }, the text ends")
    ask("[" * 100_000 + "]" * 100_000)
    expect(wrong).to_have_text("The storyboard is nested too deeply: at most 100 levels.")
    ask("[" * 100_000)
    expect(wrong).to_have_text("Line 1: the storyboard is not JSON: expected a value, the text ends")
    large = json.loads(board(1))
    large["note"] = "y" * (7 << 20)
    ask(json.dumps(large))
    expect(page.locator("form [role=status]")).to_contain_text("1 segment, 1 s", timeout=60_000)
    forgive(400)
    return {}
