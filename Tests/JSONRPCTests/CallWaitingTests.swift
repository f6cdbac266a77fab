import Calls
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallWaitingTests {
    private struct Port: CallPort {
        let input: AsyncStream<ProgressReport>.Continuation

        func progress(_ report: ProgressReport) { input.yield(report) }
    }

    @Test("a call that waits for another machine reports progress until it goes on, and not afterwards")
    func reports() async throws {
        let (reports, input) = AsyncStream.makeStream(of: ProgressReport.self)
        let call = Call(
            id: .number("1"), method: "x", peer: Peer(pid: 0, uid: 0, gid: 0), deadline: nil, wantsProgress: true,
            params: nil,
            port: Port(input: input))
        let count = try await call.waiting(0.5, "fetching", every: .milliseconds(1)) {
            var count = 0
            for await report in reports {
                #expect(report.fraction == 0.5 && report.message == "fetching")
                count += 1
                if count == 3 { break }
            }
            return count
        }
        #expect(count == 3)
        await #expect(throws: CancellationError.self) {
            try await call.waiting(0, "x") { throw CancellationError() }
        }
    }
}
