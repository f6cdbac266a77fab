// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import ServicePool

@Suite(.timeLimit(.minutes(1))) struct PoisonCallTrackerTests {
    private let key = PoisonCallTracker.Key(method: "m", params: Data())

    @Test
    func `a call that was lost with two processes is at fault; one process counts once`() {
        var tracker = PoisonCallTracker()
        #expect(!tracker.contains(key))
        let isAtFault1 = tracker.recordLoss(of: key, with: "a 1", at: 0)
        #expect(!isAtFault1)
        #expect(tracker.contains(key))
        let isAtFault2 = tracker.recordLoss(of: key, with: "a 1", at: 1)
        #expect(!isAtFault2)
        let isAtFault3 = tracker.recordLoss(of: key, with: "a 2", at: 2)
        #expect(isAtFault3)
        // A call at fault is no longer tracked: a later call with the same key starts from zero.
        #expect(!tracker.contains(key))
        let isAtFault4 = tracker.recordLoss(of: key, with: "a 3", at: 3)
        #expect(!isAtFault4)
    }

    @Test
    func `a call that completed, or was lost long ago, is not suspect`() {
        var tracker = PoisonCallTracker()
        let isAtFault5 = tracker.recordLoss(of: key, with: "a 1", at: 0)
        #expect(!isAtFault5)
        tracker.recordCompletion(of: key)
        let isAtFault6 = tracker.recordLoss(of: key, with: "a 2", at: 1)
        #expect(!isAtFault6)
        let isAtFault7 = tracker.recordLoss(of: key, with: "a 3", at: 601_000_000_000)
        #expect(!isAtFault7)
        for number in 0..<3000 {
            _ = tracker.recordLoss(
                of: PoisonCallTracker.Key(method: "\(number)", params: Data()), with: "b", at: 602_000_000_000)
        }
        #expect(!tracker.contains(key))
    }

    @Test
    func `a call that decodes media may be lost with one process, other calls with three`() {
        for (decodesMedia, survived) in [(true, 1), (false, 3)] {
            var tracker = PoisonCallTracker()
            let maximum = PoisonCallTracker.maximumLosses(decodesMedia: decodesMedia)
            for number in 1...survived {
                let isAtFault = tracker.recordLoss(of: key, with: "a \(number)", at: 0, maximum: maximum)
                #expect(!isAtFault, "\(decodesMedia) \(number)")
            }
            let isAtFault = tracker.recordLoss(of: key, with: "a last", at: 0, maximum: maximum)
            #expect(isAtFault, "\(decodesMedia)")
        }
    }
}
