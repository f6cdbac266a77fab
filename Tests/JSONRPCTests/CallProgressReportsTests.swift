// SPDX-License-Identifier: Apache-2.0

import Calls
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallProgressReportsTests {
    private struct Port: CallPort {
        let input: AsyncStream<ProgressReport>.Continuation

        func progress(_ report: ProgressReport) { input.yield(report) }
    }

    @Test
    func `a waiting call reports progress periodically until its body returns or throws`() async throws {
        let (reports, input) = AsyncStream.makeStream(of: ProgressReport.self)
        let call = Call(
            id: .number("1"), method: "x", peer: Peer(pid: 0, uid: 0, gid: 0), deadline: nil, wantsProgress: true,
            params: nil, port: Port(input: input))
        let count = try await call.reportingProgress(0.5, "fetching", every: .milliseconds(1)) {
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
            try await call.reportingProgress(0, "x") { throw CancellationError() }
        }
    }
}
