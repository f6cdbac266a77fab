// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import Testing

@testable import Orchestrator

/// Recorded journals of every version, which never change: their jobs must always look the same. `both`, `takeover` and others are
/// real jobs; `chain`, `clips`, `cut`, `film`, `older`, `stopped` and `unreadable` contain rare events and members.
///
/// To record journals of a new version, run `GoldenJournalTests` with the environment variable `RECORD_JOURNALS` set to a folder.
@Suite(.timeLimit(.minutes(2))) struct GoldenJournalTests {
    @Test(arguments: ["v1", "v2"])
    func `a journal of each version gives the recorded view and messages`(version: String) throws {
        let journals = try GoldenJournal.all(version)
        #expect(journals.count >= 20)
        for journal in journals {
            let difference = try journal.shown.text.split(separator: "\n").difference(
                from: journal.expected.split(separator: "\n"))
            #expect(difference.isEmpty, "\(version) \(journal.name)")
        }
    }

    @Test
    func `a rewritten journal is the newest version, byte for byte`() throws {
        let newest = try GoldenJournal.all("v2")
        for (old, new) in zip(try GoldenJournal.all("v1"), newest) {
            #expect(old.name == new.name)
            #expect(try old.rewritten == new.text, "\(old.name)")
            #expect(try new.rewritten == new.text, "\(new.name)")
        }
    }

    @Test
    func `a specification is encoded as recorded`() throws {
        for journal in try GoldenJournal.all("v1") {
            #expect(try SpecFormat.encode(try SpecFormat.decode(journal.spec)) == journal.spec, "\(journal.name)")
        }
    }

    @Test
    func `the recorded journals contain every event type of every version`() throws {
        let first = try GoldenJournal.tags("v1") { $0.object?.keys.first }
        #expect(first == Set(JournalV1.Event.Tag.allCases.map(\.rawValue)))
        let second = try GoldenJournal.tags("v2") { $0["type"]?.string }
        #expect(second == Set(JournalV2.Event.Tag.allCases.map(\.rawValue)))
        // `JournalV2.Event.init` must handle each case of `JobEvent` to compile; this test requires a recorded row as well.
        #expect(JournalV1.Event.Tag.allCases.count == JournalV2.Event.Tag.allCases.count)
    }

    @Test
    func `every enumeration value has a name in the journal`() throws {
        func check<Value>(_ values: [Value], _ names: NameTable<Value>) throws {
            for value in values { #expect(names[try names.name(of: value)] == value) }
            #expect(names.all.count == values.count)
        }
        try check(ChainAgent.allCases, StoredNames.agents)
        try check(JobSpec.Entry.allCases, StoredNames.entries)
        try check(ErrorKind.allCases, StoredNames.faults)
        try check(StitchBackend.allCases, StoredNames.backends)
        try check(StitchMode.allCases, StoredNames.modes)
        try check(ClipFit.allCases, StoredNames.fits)
        try check(Captions.allCases, StoredNames.captions)
        try check(NarrationFitting.allCases, StoredNames.fittings)
        try check(BusyPolicy.allCases, StoredNames.busyPolicies)
        try check(ImageFailurePolicy.allCases, StoredNames.imageFailurePolicies)
        try check(FallbackScope.allCases, StoredNames.scopes)
        try check(HedgePolicy.allCases, StoredNames.hedges)
        try check(MotionEase.allCases, StoredNames.eases)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["RECORD_JOURNALS"] != nil))
    func `records journals of the current version`() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["RECORD_JOURNALS"])
        for journal in try GoldenJournal.all("v1") {
            try journal.rewritten.write(toFile: "\(folder)/\(journal.name).jsonl", atomically: true, encoding: .utf8)
        }
    }
}
