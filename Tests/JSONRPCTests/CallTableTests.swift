// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import Testing

@testable import JSONRPC

/// The pending calls of a client: one timer serves all of them.
@Suite(.timeLimit(.minutes(1))) struct CallTableTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func time(_ milliseconds: Int64) -> NIODeadline { Self.start + .milliseconds(milliseconds) }

    /// Runs `body` with calls that end at some times, then resumes their continuations.
    private func withCalls(
        _ ends: [Int: Int64?], methods: [Int: String] = [:], _ body: (inout CallTable, [NIODeadline?]) -> Void
    ) async {
        var table = CallTable()
        var alarms: [NIODeadline?] = []
        for (id, end) in ends.sorted(by: { $0.key < $1.key }) {
            // The continuation is not awaited: a call of another task holds it.
            let continuation = await Self.continuation()
            alarms.append(
                table.set(
                    id,
                    PendingCall(
                        method: methods[id] ?? "a.b", continuation: continuation, onProgress: nil,
                        settlementTimeout: nil, bytes: id, end: end.map { time($0) })))
        }
        let copies = table
        body(&table, alarms)
        var all = copies
        for call in all.takeAll() { call.continuation.resume(returning: Data()) }
    }

    /// A continuation that some task waits for.
    private static func continuation() async -> CheckedContinuation<Data, any Error> {
        await withCheckedContinuation { outer in
            Task { try await withCheckedThrowingContinuation { outer.resume(returning: $0) } as Data }
        }
    }

    @Test
    func `the timer is set for the earliest end only`() async {
        await withCalls([1: 500, 2: 700, 3: nil, 4: 300, 5: 300]) { table, alarms in
            #expect(alarms == [time(500), nil, nil, time(300), nil])
            let first = table.takeExpired(at: time(300))
            #expect(first.expired.keys.sorted() == [4, 5] && first.next == time(500))
            // The timer that was set first fires, too, and then the one for the rest.
            let second = table.takeExpired(at: time(500))
            #expect(second.expired.keys.sorted() == [1] && second.next == time(700))
            let repeated = table.takeExpired(at: time(500))
            #expect(repeated.expired.isEmpty && repeated.next == nil)
            let last = table.takeExpired(at: time(900))
            #expect(last.expired.keys.sorted() == [2])
            #expect(table.count == 1)
        }
    }

    @Test
    func `a timer that fires after its call has ended is set for the next call`() async {
        await withCalls([1: 100, 2: 900]) { table, _ in
            _ = table.take(1)
            let fired = table.takeExpired(at: time(100))
            #expect(fired.expired.isEmpty && fired.next == time(900))
            _ = table.take(2)
            let last = table.takeExpired(at: time(900))
            #expect(last.expired.isEmpty && last.next == nil && table.isEmpty)
        }
    }

    @Test
    func `calls are taken by method, and by the length of their request`() async {
        await withCalls([1: nil, 2: nil, 3: nil], methods: [2: "x.y"]) { table, alarms in
            #expect(alarms == [nil, nil, nil])
            let taken = table.take(methods: ["x.y", "p.q"])
            #expect(taken.map(\.method) == ["x.y"])
            let longest = table.takeLongest()
            #expect(longest?.bytes == 3 && table[1] != nil && table.count == 1)
        }
    }
}
