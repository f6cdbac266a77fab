import Contracts
import Faults
import Foundation
import JSONRPC
import Testing

@testable import Orchestrator

/// Recorded journals with one row changed at random: it is refused, or read, and whatever was read makes a job.
@Suite(.timeLimit(.minutes(3))) struct MutatedJournalTests {
    /// SplitMix64.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let numbers = [
        "9223372036854775807", "-9223372036854775808", "-1", "0", "1e300", "1e-300", "4294967296", "null", "\"x\"",
        "[]",
    ]

    /// A flipped byte, a cut end, or another value in place of a number.
    private func mutate(_ row: Data, _ dice: inout Dice) -> Data {
        var bytes = Array(row)
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
        case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &dice))
        default:
            let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
            guard let start = bytes.indices.filter({ isDigit(bytes[$0]) }).randomElement(using: &dice) else { break }
            let first = bytes[..<start].lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
            let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
            let number = Self.numbers.randomElement(using: &dice) ?? "0"
            bytes.replaceSubrange(first..<end, with: number.utf8)
        }
        return Data(bytes)
    }

    @Test("no changed row stops the process", arguments: ["v1", "v2"])
    func mutations(version: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("mutated journals of \(version): seed \(seed)")
        var dice = Dice(state: seed)
        var (read, refused) = (0, 0)
        for journal in try GoldenJournal.all(version) {
            let bodies = try journal.bodies
            let history = try journal.history
            for _ in 0..<40 where !bodies.isEmpty {
                let index = Int.random(in: bodies.indices, using: &dice)
                var events = history.events
                do {
                    events[index].event = try EventFormat.decode(mutate(bodies[index], &dice))
                    read += 1
                } catch {
                    let job = DamagedJob(
                        history.row.spec, createdAt: history.row.createdAt, row: .event(index), error: error)
                    #expect(job.view.error?.message.contains("event \(index) ") == true)
                    refused += 1
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
        #expect(read > 50 && refused > 50, "\(read) read, \(refused) refused")
    }
}
