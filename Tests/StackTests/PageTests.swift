// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Testing

/// The page in headless Chromium, with the real services.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageTests {
    /// A lead that fails at once.
    private static let quick = script(#"{"steps": [\#(noCredit)]}"#)
    /// A lead that keeps the job of one session running.
    private static let holding = script(
        #"{"match": {"session_id": "held-1"}, "steps": [{"progress": 0.4, "message": "rendering"}, {"wait_ms": 600000}]}"#,
        #"{"steps": [\#(noCredit)]}"#)
    private static let noCredit =
        #"{"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}"#

    private static func script(_ calls: String...) -> String { "{\"calls\": [\(calls.joined(separator: ","))]}" }

    /// Runs a scene of `Tests/Browser/page.py`, with a folder without images as one of the image providers.
    private static func play(_ scene: String, script: String = PageFixture.script) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "us-pictures-\(UUID().uuidString)")
        let pictures = folder.appending(path: "<i>gone").path
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = ["UNDERSTUDY_IMAGE_FOLDER": pictures, "UNDERSTUDY_IMAGE_PROVIDERS": "card,folder"]
        try await PageFixture.with(script: script, environment) { page in
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, scene) }
        }
    }

    // MARK: - A job

    @Test
    func `a job that is started with the form shows the takeover, the receipt, the film and its chapters`() async throws
    {
        try await PageFixture.with { page in
            let shown = try await page.browser("page.py", page.url, "job")
            let job = try #require(shown["job"]?.string)
            let folder = "\(page.stack.folder)/looks"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // From 320 px to 4K, dark and light: nothing overflows, and axe reports no violation.
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, "looks", folder, job) }
        }
    }

    @Test
    func `states and quarters of progress are announced, failure and takeover once as alerts`() async throws {
        let steps = [
            #"{"progress": 0.2, "message": "rendering"}"#, #"{"wait_ms": 5000}"#,
            #"{"progress": 0.6, "message": "rendering"}"#,
            #"{"wait_ms": 1000}"#, Self.noCredit,
        ]
        try await Self.play("announced", script: Self.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test
    func `after a reload, or in a late tab, progress, message and cost are the same, without missing messages`()
        async throws
    {
        let steps = [#"{"progress": 0.5, "message": "rendering the middle"}"#, #"{"wait_ms": 12000}"#, Self.noCredit]
        try await Self.play("reloaded", script: Self.script("{\"steps\": [\(steps.joined(separator: ","))]}"))
    }

    @Test
    func `a failed job shows the takeover, the receipt, and why each segment failed, once each`() async throws {
        try await Self.play("failed", script: Self.quick)
    }

    @Test
    func `texts of users and of providers are never rendered as markup`() async throws {
        let mark = #"<img src=x onerror=\"window.hacked = 1\">"#
        let fault = #"{"fail": {"kind": "quota_exhausted", "message": "\#(mark)", "provider": "acme"}}"#
        try await Self.play("markup", script: Self.script("{\"steps\": [\(fault)]}"))
    }

    // MARK: - The form

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
        try await Self.play("refused", script: Self.quick)
    }

    // MARK: - The list

    @Test
    func `the list updates live, sorts and filters, and retries failed jobs after a confirmation`() async throws {
        try await Self.play("jobs", script: Self.quick)
    }

    @Test
    func `the list is loaded in pages, newest first, and includes jobs that start meanwhile`() async throws {
        try await Self.play("paging", script: Self.quick)
    }

    @Test
    func `a view that was left while it was loading neither renders nor announces anything`() async throws {
        try await Self.play("race", script: Self.quick)
    }

    // MARK: - The services

    @Test
    func `replicas and breakers are shown, and a breaker can be set with the keyboard and keeps the focus`()
        async throws
    { try await Self.play("services") }

    @Test
    func `the drill is started and stopped with a button, and fills its table`() async throws {
        try await PageFixture.with { page in
            await #expect(throws: Never.self) { try await page.browser("page.py", page.url, "drill") }
        }
    }

    // MARK: - Accessibility and formats

    @Test
    func `everything is reachable by keyboard, and the focus is visible and never lost`() async throws {
        try await Self.play("keyboard")
    }

    @Test
    func `reduced motion is respected`() async throws { try await Self.play("motion", script: Self.holding) }

    @Test
    func `money and durations are formatted, and times are in the local time zone`() async throws {
        try await Self.play("formats", script: Self.quick)
    }

    @Test
    func `axe reports no violation for running and failed jobs, a form with errors, and a dialog`() async throws {
        try await Self.play("states", script: Self.holding)
    }
}
