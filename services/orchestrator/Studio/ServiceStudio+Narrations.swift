import Contracts
import Faults
import ServicePool

/// How long narrations are.
extension ServiceStudio {
    /// Narrations that are measured at a time.
    private static let concurrency = 4

    func narrationLength(_ segment: PlannedSegment) async throws -> Double {
        guard let audio = segment.audio else { return 0 }
        let probe = try await pools.call(
            ClipperAPI.probe, ProbeMedia(media: audio, decode: false, sound: true))
        return probe.soundDuration ?? probe.duration
    }

    /// Seconds of the narrations that a fit needs, by index. What cannot be read is left out: it is reported when it is used.
    func lengths(of segments: [PlannedSegment], for fit: NarrationFit) async throws -> [Int: Double] {
        var waiting = fit.measured(segments)[...]
        return try await withThrowingTaskGroup(of: (Int, Double?).self) { group in
            func begin() {
                guard let index = waiting.popFirst() else { return }
                group.addTask {
                    do {
                        return (index, try await narrationLength(segments[index]))
                    } catch let error as ServiceError where Self.isOfTheFile(error.kind) {
                        return (index, nil)
                    }
                }
            }
            for _ in 0..<Self.concurrency { begin() }
            var lengths: [Int: Double] = [:]
            while let (index, length) = try await group.next() {
                lengths[index] = length
                begin()
            }
            return lengths
        }
    }

    private static func isOfTheFile(_ kind: ErrorKind) -> Bool {
        switch kind {
        case .corruptMedia, .notFound, .tooLarge, .invalidParams: true
        default: false
        }
    }
}
