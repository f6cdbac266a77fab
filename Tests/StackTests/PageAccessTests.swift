// SPDX-License-Identifier: Apache-2.0

import Testing

/// Keyboard, motion, formats and axe on the page, in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageAccessTests {
    @Test
    func `everything is reachable by keyboard, and the focus is visible and never lost`() async throws {
        try await PageScene.play("keyboard")
    }

    @Test
    func `reduced motion is respected`() async throws { try await PageScene.play("motion", script: PageScene.holding) }

    @Test
    func `money and durations are formatted, and times are in the local time zone`() async throws {
        try await PageScene.play("formats", script: PageScene.quick)
    }

    @Test
    func `axe reports no violation for running and failed jobs, a form with errors, and a dialog`() async throws {
        try await PageScene.play("states", script: PageScene.holding)
    }
}
