// SPDX-License-Identifier: Apache-2.0

import Testing

/// The list of jobs, in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageListTests {
    @Test
    func `the list updates live, sorts and filters, and retries failed jobs after a confirmation`() async throws {
        try await PageScene.play("jobs", script: PageScene.quick)
    }

    @Test
    func `the list is loaded in pages, newest first, and includes jobs that start meanwhile`() async throws {
        try await PageScene.play("paging", script: PageScene.quick)
    }

    @Test
    func `a view that was left while it was loading neither renders nor announces anything`() async throws {
        try await PageScene.play("race", script: PageScene.quick)
    }
}
