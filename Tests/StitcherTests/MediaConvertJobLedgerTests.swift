// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import Testing

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct MediaConvertJobLedgerTests {
    private let fixture: StitcherFixture

    init() throws { fixture = try StitcherFixture() }

    private func path(_ key: String) -> String { "state/stitcher/mediaconvert/\(key).json" }

    private var entry: MediaConvertJobLedger.Entry {
        MediaConvertJobLedger.Entry(
            edition: 2, jobs: ["film": .init(id: "1795491816612-e23be5", madeAt: 1_795_491_816.5)],
            film: .init(size: 12_345, modified: 1_795_491_900.25))
    }

    @Test func `a record survives a restart`() throws {
        try fixture.ledger.write(entry, for: "abc")
        #expect(fixture.ledger.entry("abc") == entry)
    }

    @Test func `a record without jobs is an empty one`() {
        let unknown = fixture.ledger.entry("unknown")
        #expect(unknown == MediaConvertJobLedger.Entry() && unknown.edition == 0 && unknown.jobs.isEmpty)
    }

    @Test(arguments: ["", "{", "[]", #"{"edition":"two"}"#, #"{"edition":1,"jobs":{"film":{"id":7}}}"#])
    func `a damaged record counts as empty, and can be replaced`(_ text: String) throws {
        try fixture.ledger.write(entry, for: "abc")
        try fixture.write(path("abc"), text)
        #expect(fixture.ledger.entry("abc") == MediaConvertJobLedger.Entry())
        try fixture.ledger.write(entry, for: "abc")
        #expect(fixture.ledger.entry("abc") == entry)
    }

    @Test func `the format of a record is stable`() throws {
        try fixture.ledger.write(MediaConvertJobLedger.Entry(), for: "other")
        try fixture.write(
            path("abc"),
            #"{"edition":2,"film":{"modified":1795491900.25,"size":12345},"#
                + #""jobs":{"film":{"id":"1795491816612-e23be5","madeAt":1795491816.5}}}"#)
        #expect(fixture.ledger.entry("abc") == entry)
    }

    @Test func `records of more than a week are deleted with the next write`() throws {
        for key in ["old", "recent"] { try fixture.ledger.write(entry, for: key) }
        func age(_ key: String, days: Double) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -days * 86_400)],
                ofItemAtPath: fixture.path(path(key)))
        }
        try age("old", days: 8)
        try age("recent", days: 6)
        // Reading deletes nothing.
        #expect(fixture.ledger.entry("old") == entry)
        try fixture.ledger.write(entry, for: "new")
        #expect(!fixture.exists(path("old")) && fixture.exists(path("recent")) && fixture.exists(path("new")))
    }

    @Test func `a record that cannot be written is an error that names its file`() throws {
        try fixture.write("state", "a file in place of the folder")
        let error = #expect(throws: ServiceError.self) { try fixture.ledger.write(entry, for: "abc") }
        #expect(error?.kind == .unavailable && error?.message.contains(fixture.path(path("abc"))) == true)
    }
}
