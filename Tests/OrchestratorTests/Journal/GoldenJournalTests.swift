import Contracts
import Faults
import Foundation
import JSON
import Testing

@testable import Orchestrator

/// Journals of every version, recorded once and never changed: jobs must look the same for ever. `both`, `takeover` and others are
/// real jobs; `chain`, `clips`, `cut`, `film`, `older`, `stopped` and `unreadable` hold events and members that are rare.
///
/// To record journals of a new version, run `GoldenJournalTests` with the variable `RECORD_JOURNALS` set to a folder.
@Suite struct GoldenJournalTests {
    @Test("a journal of any version gives the same view, receipt, guidance and messages", arguments: ["v1", "v2"])
    func folds(version: String) throws {
        let journals = try GoldenJournal.all(version)
        #expect(journals.count >= 20)
        for journal in journals {
            let difference = try journal.shown.text.split(separator: "\n").difference(
                from: journal.expected.split(separator: "\n"))
            #expect(difference.isEmpty, "\(version) \(journal.name)")
        }
    }

    @Test("what is written is the newest version, byte for byte")
    func written() throws {
        let newest = try GoldenJournal.all("v2")
        for (old, new) in zip(try GoldenJournal.all("v1"), newest) {
            #expect(old.name == new.name)
            #expect(try old.rewritten == new.text, "\(old.name)")
            #expect(try new.rewritten == new.text, "\(new.name)")
        }
    }

    @Test("a specification is written as it was recorded")
    func specifications() throws {
        for journal in try GoldenJournal.all("v1") {
            #expect(try SpecFormat.encode(try SpecFormat.decode(journal.spec)) == journal.spec, "\(journal.name)")
        }
    }

    @Test("every type of event of every version is in a recorded journal")
    func coverage() throws {
        let first = try GoldenJournal.tags("v1") { $0.object?.keys.first }
        #expect(first == Set(JournalV1.Event.Tag.allCases.map(\.rawValue)))
        let second = try GoldenJournal.tags("v2") { $0["type"]?.string }
        #expect(second == Set(JournalV2.Event.Tag.allCases.map(\.rawValue)))
        // A type of each case of `JobEvent`: the compiler asks for one in `JournalV2.Event.init`, and this test for a recorded row.
        #expect(JournalV1.Event.Tag.allCases.count == JournalV2.Event.Tag.allCases.count)
    }

    @Test("every value of an enumeration has a name in the journal")
    func names() throws {
        func check<Value>(_ values: [Value], _ names: Names<Value>) throws {
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

    @Test(
        "records journals as they are written now",
        .enabled(if: ProcessInfo.processInfo.environment["RECORD_JOURNALS"] != nil))
    func record() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["RECORD_JOURNALS"])
        for journal in try GoldenJournal.all("v1") {
            try journal.rewritten.write(toFile: "\(folder)/\(journal.name).jsonl", atomically: true, encoding: .utf8)
        }
    }
}
