// SPDX-License-Identifier: Apache-2.0

import Testing

/// The form for a new film, in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageFormTests {
    @Test
    func `the form takes storyboard and narrations, captions play, and a deleted film is reported`() async throws {
        try await PageFixture.with { page in
            let film = page.stack.artifactPath("agent5/final.mp4", user: "web", session: "given")
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, "given", film) }
            // The narrations begin with their segments.
            for second in [0.0, 2] {
                let onset = try #require(try await FilmInspection.onset(film, at: second))
                #expect(abs(onset) < 0.06, "at \(second) s")
            }
        }
    }

    @Test
    func `errors of a storyboard are shown with their line, also for megabytes or thousands of levels`() async throws {
        try await PageScene.play("refused", script: PageScene.quick)
    }
}
