# SPDX-License-Identifier: Apache-2.0
"""Scenes of the services and the drill."""

from playwright.sync_api import expect

from browser import start_with_form, board, focused, page_of, reach, url


def services(browser):
    """Breakers are set with the keyboard alone, and the focus stays on the button."""
    page = page_of(browser)
    page.goto(url + "/services")
    expect(page.locator("tbody").first.locator("tr")).to_have_count(7)
    breaker = page.locator("[data-breaker=agent5]")
    expect(breaker).to_contain_text("closed")
    reach(page, "Open: agent5")
    page.keyboard.press("Enter")
    expect(breaker).to_contain_text("open, set manually")
    expect(page.locator("#news .note")).to_have_text("The breaker of agent5 is open, set manually.")
    expect(page.locator("#news .note")).to_be_visible()
    # Also while the tables are reloaded.
    for _ in range(2):
        with page.expect_response("**/api/breakers"):
            pass
    assert focused(page) == "Open: agent5", focused(page)
    # The open breaker sends the job straight to Agent6.
    start_with_form(page, board(1), "held")
    expect(page.locator(".takeover summary").first).to_contain_text("breaker")
    page.goto(url + "/services")
    reach(page, "Close: agent5")
    page.keyboard.press("Enter")
    expect(breaker).to_contain_text("closed, set manually")
    reach(page, "Reset: agent5")
    page.keyboard.press("Space")
    expect(breaker).not_to_contain_text("set manually")
    return {}


def drill(browser):
    """The table fills while the faults are tested; the drill is started and stopped with the keyboard."""
    page = page_of(browser)
    page.goto(url + "/drill")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(19)
    page.get_by_role("button", name="Run the drill").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(rows.first).to_have_attribute("data-verdict", "passed", timeout=60_000)
    assert rows.last.get_attribute("data-verdict") == "", "the table was filled at once"
    assert page.request.post(url + "/api/drill", headers={"X-Understudy": "1"}).status == 409
    # A reload shows the same table.
    page.reload()
    expect(rows.first).to_have_attribute("data-verdict", "passed")
    expect(page.locator("main [role=status]")).to_have_text("All 19 passed.", timeout=240_000)
    assert page.locator("[data-verdict=passed]").count() == 19
    reach(page, "Run the drill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("Stopped after 0 of 19")
    expect(page.get_by_role("button", name="Run the drill")).to_be_focused()
    return {}
