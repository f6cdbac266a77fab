import Foundation
import JSON
import Testing

/// The page in a real Chromium, against real services.
@Suite(.serialized) struct PageTests {
    /// A lead that has no credit from the beginning.
    private static let quick = script(#"{"steps": [\#(noCredit)]}"#)
    /// One that holds the job of a session until it is over.
    private static let holding = script(
        #"{"match": {"session_id": "held-1"}, "steps": [{"progress": 0.4, "message": "rendering"}, {"wait_ms": 600000}]}"#,
        #"{"steps": [\#(noCredit)]}"#)
    private static let noCredit =
        #"{"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}"#

    private static func script(_ calls: String...) -> String { "{\"calls\": [\(calls.joined(separator: ","))]}" }

    /// Runs a scene of `Tests/Browser/page.py`. Its pictures may come from a folder in which there is none.
    private static func plays(_ scene: String, script: String = PageScene.script) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "us-pictures-\(UUID().uuidString)")
        let pictures = folder.appending(path: "<i>gone").path
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = ["UNDERSTUDY_IMAGE_FOLDER": pictures, "UNDERSTUDY_IMAGE_PROVIDERS": "card,folder"]
        try await PageScene.with(script: script, environment) { page in
            _ = try await page.browser("page.py", page.url, scene)
        }
    }

    // MARK: - A job

    @Test(
        "a job is started by the form; Agent6's row appears after Agent5's failure and never before, also over a reload; receipt, bars, film and chapters are there, and a still is drawn again"
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

    @Test(
        "states are announced, progress in quarters, failure and takeover once as alerts; a still that is drawn again is no takeover"
    )
    func told() async throws {
        let steps = [
            #"{"progress": 0.2, "message": "rendering"}"#, #"{"wait_ms": 5000}"#,
            #"{"progress": 0.6, "message": "rendering"}"#,
            #"{"wait_ms": 1000}"#, Self.noCredit,
        ]
        try await Self.plays("told", script: Self.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test(
        "who reloads in the middle, or comes later, sees the same progress, message and cost; no message is missing or repeated"
    )
    func again() async throws {
        let steps = [#"{"progress": 0.5, "message": "rendering the middle"}"#, #"{"wait_ms": 12000}"#, Self.noCredit]
        try await Self.plays("again", script: Self.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test(
        "a job that failed tells of the takeover, has its receipt and bars, says each thing once, and a segment says why it failed"
    )
    func failed() async throws { try await Self.plays("failed", script: Self.quick) }

    @Test("text of users and of providers is shown as text, wherever it comes from")
    func markup() async throws {
        let mark = #"<img src=x onerror=\"window.hacked = 1\">"#
        let fault = #"{"fail": {"kind": "quota_exhausted", "message": "\#(mark)", "provider": "acme"}}"#
        try await Self.plays("markup", script: Self.script("{\"steps\": [\(fault)]}"))
    }

    // MARK: - The form

    @Test(
        "storyboard and narrations come by drop and chooser, each where it belongs; options too; captions play, and a deleted film is said to be gone"
    )
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

    @Test("what is wrong with a storyboard is told at its line, also where it has megabytes or thousands of levels")
    func refused() async throws { try await Self.plays("refused", script: Self.quick) }

    // MARK: - The list

    @Test("the list changes by itself, in its order and by its filters; what failed runs again once that is confirmed")
    func list() async throws { try await Self.plays("jobs", script: Self.quick) }

    @Test("the list comes in pages, newest first, and misses no job that comes while it is fetched")
    func paging() async throws { try await Self.plays("paging", script: Self.quick) }

    @Test("a page that was left while it was fetched shows nothing and says nothing any more")
    func race() async throws { try await Self.plays("race", script: Self.quick) }

    // MARK: - The services

    @Test("replicas and breakers are shown; a breaker is moved by keys alone, and keeps the focus")
    func services() async throws { try await Self.plays("services") }

    @Test("the drill is played and stopped by a button, and its table fills")
    func drill() async throws {
        try await PageScene.with { page in _ = try await page.browser("page.py", page.url, "drill") }
    }

    // MARK: - For everyone

    @Test("everything can be done by the keyboard, the focus is seen, and is not lost with the button that it was on")
    func keyboard() async throws { try await Self.plays("keyboard") }

    @Test("who wants no motion gets none")
    func motion() async throws { try await Self.plays("motion", script: Self.holding) }

    @Test("money and durations are well formed, moments are in the reader's zone")
    func words() async throws { try await Self.plays("words", script: Self.quick) }

    @Test("axe has nothing to say of jobs that run and that failed, of a form that refused, of a question")
    func states() async throws { try await Self.plays("states", script: Self.holding) }
}
