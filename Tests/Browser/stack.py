"""Scenes of the services and of the drill."""

from playwright.sync_api import expect

from browser import begin, board, focused, page_of, reach, url


def services(browser):
    """Breakers are moved by hand, by keys alone, and the focus stays where it is."""
    page = page_of(browser)
    page.goto(url + "/services")
    expect(page.locator("tbody").first.locator("tr")).to_have_count(7)
    breaker = page.locator("[data-breaker=agent5]")
    expect(breaker).to_contain_text("closed")
    reach(page, "Open: agent5")
    page.keyboard.press("Enter")
    expect(breaker).to_contain_text("open, held by hand")
    expect(page.locator("#news .note")).to_have_text("The breaker of agent5 is open, held by hand.")
    expect(page.locator("#news .note")).to_be_visible()
    # Also while the tables are fetched anew.
    for _ in range(2):
        with page.expect_response("**/api/breakers"):
            pass
    assert focused(page) == "Open: agent5", focused(page)
    # A job goes straight to the understudy now.
    begin(page, board(1), "held")
    expect(page.locator(".takeover summary").first).to_contain_text("breaker")
    page.goto(url + "/services")
    reach(page, "Close: agent5")
    page.keyboard.press("Enter")
    expect(breaker).to_contain_text("closed, held by hand")
    reach(page, "Let it decide: agent5")
    page.keyboard.press("Space")
    expect(breaker).not_to_contain_text("held by hand")
    return {}


def drill(browser):
    """The table fills while the faults are played; it is begun and stopped by keys."""
    page = page_of(browser)
    page.goto(url + "/drill")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(19)
    page.get_by_role("button", name="Play the drill").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(rows.first).to_have_attribute("data-verdict", "passed", timeout=60_000)
    assert rows.last.get_attribute("data-verdict") == "", "the table came at once"
    assert page.request.post(url + "/api/drill", headers={"X-Understudy": "1"}).status == 409
    # Who comes later sees the same table.
    page.reload()
    expect(rows.first).to_have_attribute("data-verdict", "passed")
    expect(page.locator("main [role=status]")).to_have_text("All 19 passed.", timeout=240_000)
    assert page.locator("[data-verdict=passed]").count() == 19
    reach(page, "Play the drill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("Stopped after 0 of 19")
    expect(page.get_by_role("button", name="Play the drill")).to_be_focused()
    return {}
