# SPDX-License-Identifier: Apache-2.0
"""Scenes of the list of renders."""

import time

from playwright.sync_api import expect

from browser import page_of, start, url


def jobs(browser):
    """Rows that appear and change by themselves, filters, search, and the retry of all failed jobs after a confirmation."""
    page = page_of(browser)
    page.goto(url)
    expect(page.get_by_text("No renders yet")).to_be_visible()
    page.get_by_role("button", name="Retry all failed renders").click()
    expect(page.locator("#news .note")).to_have_text("No render has failed.")
    for session in ("poor-1", "poor-2"):
        start(page, session, max_cost_usd=0.0001)
    start(page, "rich")
    state = lambda session: page.locator("tbody tr", has_text=session).locator(".word")
    expect(state("rich")).to_have_text("finished")
    expect(state("poor-1")).to_have_text("failed")
    expect(state("poor-2")).to_have_text("failed")
    assert sessions(page) == ["rich", "poor-2", "poor-1"], sessions(page)
    page.get_by_label("State").select_option("error")
    expect(page.locator("tbody tr")).to_have_count(2)
    # A job that begins to match the filter appears in its place.
    start(page, "poor-3", max_cost_usd=0.0001)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert sessions(page) == ["poor-3", "poor-2", "poor-1"], sessions(page)
    search(page, "POOR-2")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    search(page, "nobody")
    expect(page.get_by_text("No matching renders.")).to_be_visible()
    page.get_by_role("link", name="Show all renders").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    retry = page.get_by_role("button", name="Retry all failed renders")
    retry.click()
    expect(page.locator("#question p")).to_have_text("Retry 3 renders? Missing parts are made again, which may cost money.")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#question")).to_be_hidden()
    retry.click()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.locator("#news .note")).to_have_text("3 renders restarted, 0 could not be restarted.")
    expect(page.locator("#news .note")).to_be_visible()
    expect(state("poor-1")).to_have_text("failed")
    return {}


def sessions(page):
    return page.locator("tbody a").all_inner_texts()


def search(page, text):
    page.get_by_label("Search").fill(text)
    page.get_by_role("button", name="Apply", exact=True).click()


def paging(browser):
    """Pages of fifty, newest first; jobs that start while a page is loaded are not missed."""
    page = page_of(browser)
    for number in range(1, 56):
        start(page, "job-%02d" % number, max_cost_usd=0.0001)
    page.goto(url)
    names = ["job-%02d" % number for number in range(55, 0, -1)]
    expect(page.locator("tbody tr")).to_have_count(50)
    assert sessions(page) == names[:50]
    page.get_by_role("button", name="Load more").click()
    expect(page.locator("tbody tr")).to_have_count(55)
    assert sessions(page) == names
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()
    start(page, "job-56", max_cost_usd=0.0001)
    expect(page.locator("tbody tr")).to_have_count(56)
    assert sessions(page)[:2] == ["job-56", "job-55"], sessions(page)[:2]
    expect(page.locator("tbody tr").first.locator(".word")).to_have_text("failed")
    page.get_by_label("State").select_option("error")
    expect(page.locator("tbody tr")).to_have_count(50)
    gap(browser)
    return {}


def gap(browser):
    """A job that starts and ends between the response with the rows and the first message is in the list."""
    page = page_of(browser)
    started = []

    def hold(route):
        # The rows from before the job.
        response = route.fetch()
        if not started:
            started.append(start(page, "between", max_cost_usd=0.0001))
            deadline = time.monotonic() + 30
            while page.request.get(url + "/api/jobs/" + started[0]).json()["state"] != "error":
                assert time.monotonic() < deadline, "the job does not end"
        route.fulfill(response=response)

    page.route("**/api/jobs?*", hold)
    page.goto(url)
    row = page.locator("tbody tr", has_text="between")
    expect(row.locator(".word")).to_have_text("failed")


def race(browser):
    """Leaving a page while it is loaded keeps the new page, and its messages do not appear there."""
    page = page_of(browser)
    job = start(page, "slow", max_cost_usd=0.0001)
    held = []
    page.goto(url)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.route("**/api/jobs/" + job, lambda route: held.append(route))
    with page.expect_request("**/api/jobs/" + job):
        page.locator("tbody a").click()
    page.get_by_role("link", name="Services").click()
    expect(page.locator("h1")).to_have_text("Services")
    with page.expect_event("requestfinished", lambda request: request.url.endswith(job)):
        held[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    expect(page.locator("h1")).to_have_text("Services")
    assert page.title() == "Services · Understudy", page.title()
    page.unroute("**/api/jobs/" + job)
    # The WebSocket of this page fails; the next page has none and reports nothing.
    page.route_web_socket("**/ws?*", lambda socket: socket.close())
    page.get_by_role("link", name="Renders", exact=True).click()
    expect(page.locator("#link")).to_contain_text("not responding")
    page.get_by_role("link", name="Services").click()
    expect(page.locator("#link")).to_have_text("")
    return {}
