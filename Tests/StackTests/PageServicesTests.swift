// SPDX-License-Identifier: Apache-2.0

import Testing

/// Services, breakers and the drill on the page, in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageServicesTests {
    @Test
    func `replicas and breakers are shown, and a breaker can be set with the keyboard and keeps the focus`()
        async throws
    { try await PageScene.play("services") }

    @Test
    func `the drill is started and stopped with a button, and fills its table`() async throws {
        try await PageFixture.with { page in
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, "drill") }
        }
    }
}
