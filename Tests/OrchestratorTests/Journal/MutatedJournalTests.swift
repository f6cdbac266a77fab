// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSONRPC
import TestSupport
import Testing

@testable import Orchestrator

/// Recorded journals with one row mutated at random: the row is rejected, or it is decoded and the job replays.
@Suite(.timeLimit(.minutes(3))) struct MutatedJournalTests {

    private static let numbers = [
        "9223372036854775807", "-9223372036854775808", "-1", "0", "1e300", "1e-300", "4294967296", "null", "\"x\"",
        "[]",
    ]

    /// Replaces a byte, truncates the row, or replaces a number.
    private func mutate(_ row: Data, _ generator: inout SeededGenerator) -> Data {
        var bytes = Array(row)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
        default:
            let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
            guard let start = bytes.indices.filter({ isDigit(bytes[$0]) }).randomElement(using: &generator) else {
                break
            }
            let first = bytes[..<start].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
            let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
            let number = Self.numbers.randomElement(using: &generator) ?? "0"
            bytes.replaceSubrange(first..<end, with: number.utf8)
        }
        return Data(bytes)
    }

    @Test(arguments: ["v1", "v2"])
    func `no mutated row crashes the process`(version: String) throws {
        var generator = SeededGenerator(for: "MutatedJournalTests \(version)")
        var (decoded, rejected) = (0, 0)
        for journal in try GoldenJournal.all(version) {
            let bodies = try journal.bodies
            let history = try journal.history
            for _ in 0..<40 where !bodies.isEmpty {
                let index = Int.random(in: bodies.indices, using: &generator)
                var events = history.events
                do {
                    events[index].event = try EventFormat.decode(mutate(bodies[index], &generator))
                    decoded += 1
                } catch {
                    let job = DamagedJob(
                        history.row.spec, createdAt: history.row.createdAt, row: .event(index), error: error)
                    #expect(job.view.error?.message.contains("event \(index) ") == true)
                    rejected += 1
                    continue
                }
                let machine = JobRunner.fold(history.row, events)
                _ = (machine.view, machine.receipt, machine.work)
                for recorded in events {
                    _ = JobLog.entries(recorded.event, machine)
                    _ = try EventFormat.encode(recorded.event.bounded)
                }
            }
        }
        #expect(decoded > 50 && rejected > 50, "\(decoded) decoded, \(rejected) rejected")
    }
}
