// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// A job on the page, in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageJobTests {
    @Test
    func `a job that is started with the form shows the takeover, the receipt, the film and its chapters`() async throws
    {
        try await PageFixture.with { page in
            let shown = try await page.browser("page.py", page.url, "job")
            let job = try #require(shown["job"]?.string)
            // From 320 px to 4K, dark and light: nothing overflows, and axe reports no violation.
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, "looks", job) }
        }
    }

    @Test
    func `states and quarters of progress are announced, failure and takeover once as alerts`() async throws {
        let steps = [
            #"{"progress": 0.2, "message": "rendering"}"#, #"{"wait_ms": 5000}"#,
            #"{"progress": 0.6, "message": "rendering"}"#,
            #"{"wait_ms": 1000}"#, PageScene.noCredit,
        ]
        try await PageScene.play(
            "announced", script: PageScene.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test
    func `after a reload, or in a late tab, progress, message and cost are the same, without missing messages`()
        async throws
    {
        let steps = [
            #"{"progress": 0.5, "message": "rendering the middle"}"#, #"{"wait_ms": 12000}"#, PageScene.noCredit,
        ]
        try await PageScene.play("reloaded", script: PageScene.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test
    func `a failed job shows the takeover, the receipt, and why each segment failed, once each`() async throws {
        try await PageScene.play("failed", script: PageScene.quick)
    }

    @Test
    func `texts of users and of providers are never rendered as markup`() async throws {
        let mark = #"<img src=x onerror=\"window.hacked = 1\">"#
        let fault = #"{"fail": {"kind": "quota_exhausted", "message": "\#(mark)", "provider": "acme"}}"#
        try await PageScene.play("markup", script: PageScene.script("{\"steps\": [\(fault)]}"))
    }
}
