// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import ServicePool

/// Measures narrations.
extension RemoteJobServices {
    /// The maximum number of concurrent measurements.
    private static let concurrency = 4

    func narrationLength(_ segment: PlannedSegment) async throws -> Double {
        guard let audio = segment.audio else { return 0 }
        let probe = try await pools.call(
            ClipperAPI.probe, ProbeMedia(media: audio, decode: false, sound: true))
        return probe.soundDuration ?? probe.duration
    }

    /// Measures the narrations that a fit needs.
    ///
    /// - Returns: durations in seconds, by segment index. Unreadable files are omitted; they are reported when they are used.
    func lengths(of segments: [PlannedSegment], for fit: NarrationFit) async throws -> [Int: Double] {
        var waiting = fit.measured(segments)[...]
        return try await withThrowingTaskGroup(of: (Int, Double?).self) { group in
            func startNext() {
                guard let index = waiting.popFirst() else { return }
                group.addTask {
                    do {
                        return (index, try await narrationLength(segments[index]))
                    } catch let error as ServiceError where Self.isFileError(error.kind) {
                        return (index, nil)
                    }
                }
            }
            for _ in 0..<Self.concurrency { startNext() }
            var lengths: [Int: Double] = [:]
            while let (index, length) = try await group.next() {
                lengths[index] = length
                startNext()
            }
            return lengths
        }
    }

    /// Whether an error is caused by the narration file itself.
    private static func isFileError(_ kind: ErrorKind) -> Bool {
        switch kind {
        case .corruptMedia, .notFound, .tooLarge, .invalidParams: true
        default: false
        }
    }
}
