// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON
import Logging
import ServicePool
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct EventSinkTests {
    /// Records the logged messages.
    private struct RecordingLogHandler: LogHandler {
        static let all = Mutex<[String]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            Self.all.withLock { $0.append("\(event.message) \(event.metadata?["events"] ?? "")") }
        }
    }

    @Test
    func `dropped events are counted, and the first loss is logged at once`() async {
        let logger = Logger(label: "sink") { _ in RecordingLogHandler() }
        let directory = RunDirectory(path: TemporaryPath.new("no-run"))
        let sink = EventSink(pools: ServicePools(runDirectory: directory, logger: logger), logger: logger, capacity: 3)
        for number in 0..<10 { sink.send("test", ["number": .integer(Int64(number))]) }
        #expect(RecordingLogHandler.all.withLock { $0 } == ["events were dropped: the log service is too slow 1"])
    }

    @Test
    func `losses are reported at once, then summed once a minute and at the end`() {
        var losses = LossReportThrottle()
        let start = ContinuousClock.now
        #expect(losses.flush() == nil)
        #expect(losses.recordLoss(at: start) == 1)
        #expect(losses.recordLoss(at: start + .seconds(30)) == nil)
        #expect(losses.recordLoss(at: start + .seconds(59)) == nil)
        #expect(losses.recordLoss(at: start + .seconds(60)) == 3)
        #expect(losses.recordLoss(at: start + .seconds(61)) == nil)
        #expect(losses.flush() == 1 && losses.flush() == nil)
    }
}
