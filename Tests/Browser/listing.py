"""Scenes of the list of jobs."""

from playwright.sync_api import expect

from browser import page_of, start, url


def jobs(browser):
    """Rows that come and change by themselves, filters, search, all that failed again once that is confirmed."""
    page = page_of(browser)
    page.goto(url)
    expect(page.get_by_text("No job here yet")).to_be_visible()
    page.get_by_role("button", name="Retry all failed jobs").click()
    expect(page.locator("#news .note")).to_have_text("No job has failed.")
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
    # What comes to fit the filter is shown, in its place.
    start(page, "poor-3", max_cost_usd=0.0001)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert sessions(page) == ["poor-3", "poor-2", "poor-1"], sessions(page)
    search(page, "POOR-2")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    search(page, "nobody")
    expect(page.get_by_text("No job fits.")).to_be_visible()
    page.get_by_role("link", name="Show all jobs").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    again = page.get_by_role("button", name="Retry all failed jobs")
    again.click()
    expect(page.locator("#question p")).to_have_text("Run 3 jobs again? What is missing is made anew, and paid for.")
    page.get_by_role("button", name="No, leave it").click()
    expect(page.locator("#question")).to_be_hidden()
    again.click()
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#news .note")).to_have_text("3 jobs run again, 0 could not.")
    expect(page.locator("#news .note")).to_be_visible()
    expect(state("poor-1")).to_have_text("failed")
    return {}


def sessions(page):
    return page.locator("tbody a").all_inner_texts()


def search(page, words):
    page.get_by_label("Search").fill(words)
    page.get_by_role("button", name="Show", exact=True).click()


def paging(browser):
    """Pages of fifty, newest first; what comes while a page is fetched, or while the server is away, is not lost."""
    page = page_of(browser)
    for number in range(1, 56):
        start(page, "job-%02d" % number, max_cost_usd=0.0001)
    page.goto(url)
    names = ["job-%02d" % number for number in range(55, 0, -1)]
    expect(page.locator("tbody tr")).to_have_count(50)
    assert sessions(page) == names[:50]
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("tbody tr")).to_have_count(55)
    assert sessions(page) == names
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    start(page, "job-56", max_cost_usd=0.0001)
    expect(page.locator("tbody tr")).to_have_count(56)
    assert sessions(page)[:2] == ["job-56", "job-55"], sessions(page)[:2]
    expect(page.locator("tbody tr").first.locator(".word")).to_have_text("failed")
    page.get_by_label("State").select_option("error")
    expect(page.locator("tbody tr")).to_have_count(50)
    gap(browser)
    return {}


def gap(browser):
    """A job begins and ends between the answer with the rows and the first message: it is in the list all the same."""
    page = page_of(browser)
    asked = []

    def hold(route):
        # The rows as they were before the job.
        answer = route.fetch()
        if not asked:
            asked.append(start(page, "between", max_cost_usd=0.0001))
            while page.request.get(url + "/api/jobs/" + asked[0]).json()["state"] != "error":
                pass
        route.fulfill(response=answer)

    page.route("**/api/jobs?*", hold)
    page.goto(url)
    row = page.locator("tbody tr", has_text="between")
    expect(row.locator(".word")).to_have_text("failed")


def race(browser):
    """Who goes on while a page is still being fetched stays where he went; words of a page that was left are not said on the next."""
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
    # The socket of this page breaks; the next page has none, and nothing to say of it.
    page.route_web_socket("**/ws?*", lambda socket: socket.close())
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.locator("#link")).to_contain_text("does not answer")
    page.get_by_role("link", name="Services").click()
    expect(page.locator("#link")).to_have_text("")
    return {}
