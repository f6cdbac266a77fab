"""Looks at the page with Chromium, as a user would: page.py URL SCENE [ARGUMENT...]. Prints one line of JSON; ends with 1 on a failure."""

import json
import sys

# Nothing is left among the sources.
sys.dont_write_bytecode = True

from playwright.sync_api import sync_playwright

import access
import form
import job
import listing
import stack
from browser import faults, lost, waiting

scene, rest = sys.argv[2], sys.argv[3:]
scenes = {each.__name__: each for each in (
    job.job, job.told, job.again, job.failed, job.markup, form.given, form.refused, listing.jobs, listing.paging, listing.race, stack.services,
    stack.drill, access.keyboard, access.motion, access.words, access.looks, access.states)}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    try:
        answer = scenes[scene](browser, *rest)
        assert not faults, faults
        print(json.dumps(answer))
    except Exception:
        # Often why what was waited for did not come.
        print("the browser said:", faults, "and lost:", lost[-5:], "and waits for:", [request.url for request in waiting], file=sys.stderr)
        raise
    finally:
        browser.close()
