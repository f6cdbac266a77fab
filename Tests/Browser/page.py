# SPDX-License-Identifier: Apache-2.0
"""Plays a scene on the page with Chromium: page.py URL SCENE [ARGUMENT...]. Prints one line of JSON; exits with 1 on a failure."""

import json
import sys

# No bytecode among the sources.
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
    job.job, job.announced, job.reloaded, job.failed, job.markup, form.given, form.refused, listing.jobs, listing.paging, listing.race, stack.services,
    stack.drill, access.keyboard, access.motion, access.formats, access.looks, access.states)}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    try:
        answer = scenes[scene](browser, *rest)
        assert not faults, faults
        print(json.dumps(answer))
    except Exception:
        # Often the cause of the failure.
        print("browser errors:", faults, "failed requests:", lost[-5:], "pending requests:", [request.url for request in waiting], file=sys.stderr)
        raise
    finally:
        browser.close()
