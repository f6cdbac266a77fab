import Foundation
import JSONRPC
import Testing

/// The page in a real Chromium, against real services.
@Suite(.serialized) struct PageTests {
    @Test(
        "a job is started by the form; Agent6's row appears after Agent5's failure and never before, also over a reload; the film plays, and a still is drawn again"
    )
    func job() async throws {
        try await PageScene.with { page in
            let seen = try await page.browser("page.py", page.url, "job")
            let folder = "\(page.stack.folder)/looks"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // From 320 px to 4K, dark and light: nothing is too wide, and axe has nothing to say.
            _ = try await page.browser("page.py", page.url, "looks", folder, seen["job"]?.string ?? "")
        }
    }

    @Test("storyboard and narrations come by drop, options too; captions play, and a deleted film is said to be gone")
    func given() async throws {
        try await PageScene.with { page in
            let film = page.stack.place("agent5/final.mp4", user: "web", session: "given")
            _ = try await page.browser("page.py", page.url, "given", film)
            // The narrations are heard where their segments begin.
            for second in [0.0, 2] {
                let onset = try #require(try await Judge.onset(film, at: second))
                #expect(abs(onset) < 0.06, "at \(second) s")
            }
        }
    }

    @Test("the list changes by itself; it is filtered and searched, and what failed runs again")
    func list() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "list") }
    }

    @Test("replicas and breakers are shown, and a breaker is moved by hand")
    func services() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "services") }
    }

    @Test("the drill is played by a button, and its table fills")
    func drill() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "drill") }
    }

    @Test("a job is cancelled and run again by its buttons")
    func cancel() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "cancel") }
    }

    @Test("everything can be done by the keyboard, and the focus is seen")
    func keyboard() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "keyboard") }
    }
}
