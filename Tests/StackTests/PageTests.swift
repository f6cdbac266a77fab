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

    @Test("a job is cancelled and run again by its buttons")
    func cancel() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "cancel") }
    }

    @Test("everything can be done by the keyboard, and the focus is seen")
    func keyboard() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "keyboard") }
    }
}
