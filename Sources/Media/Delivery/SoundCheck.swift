// SPDX-License-Identifier: Apache-2.0

/// Measures a film's sound and compares it with the narrations.
enum SoundCheck {
    /// Maximum offset of a narration, in seconds.
    private static let tolerance = 0.005
    /// Maximum missing speech, in seconds.
    private static let maximumMissing = 0.5

    struct Outcome: Sendable {
        var findings: [DeliveryFinding] = []
        /// Peak of each tenth of a second; empty unless measured thoroughly.
        var levels: [Float] = []
    }

    /// - Parameter isThorough: Whether to measure levels, and how much of each narration is audible.
    static func run(
        _ path: String, _ narrations: [ExpectedNarration], hasSound: Bool, isThorough: Bool, cancelled: () -> Bool
    ) throws(MediaError) -> Outcome {
        guard hasSound else { return Outcome() }
        var alignment = NarrationAlignment(narrations)
        var meter = try LoudnessMeter()
        var reader = try AudioReader.open(path, from: .picture)
        var position = 0
        var levels: [Float] = []
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(NarrationCoverage.block)
            guard samples.count > 0 else { break }
            try meter.add(samples)
            alignment.add(samples, at: position)
            if isThorough { levels.append(samples.peak) }
            position += samples.count
        }
        let (integrated, peak) = (meter.integrated, meter.truePeak)
        func level(_ value: Double?, _ unit: String) -> String {
            value.map { "\(DeliveryFinding.number($0, digits: 1)) \(unit)" } ?? "silent"
        }
        let isMeantSilent = narrations.allSatisfy { $0.audio == nil }
        var findings = [
            DeliveryFinding(
                "loudness", level(integrated, "LUFS"), value: integrated, "-30 to -9 LUFS",
                integrated.map { (-30 ... -9).contains($0) } ?? isMeantSilent),
            DeliveryFinding("true_peak", level(peak, "dBTP"), "at most -1 dBTP", (peak ?? -99) <= -1),
        ]
        let coverage =
            isThorough ? try NarrationCoverage.results(levels, narrations, cancelled: cancelled) : []
        for result in try alignment.results(cancelled: cancelled) {
            findings.append(finding(result, coverage.first { $0.segmentID == result.segmentID }))
        }
        // A narration that starts with seconds of silence cannot be located by `NarrationAlignment`.
        for result in coverage where result.missing > maximumMissing {
            let name = "sync_\(result.segmentID)"
            if !findings.contains(where: { $0.name == name }) { findings.append(incomplete(name, result)) }
        }
        return Outcome(findings: findings, levels: levels)
    }

    private static func incomplete(_ name: String, _ coverage: NarrationCoverage.Result) -> DeliveryFinding {
        let heardSeconds = DeliveryFinding.number(max(coverage.speech - coverage.missing, 0), digits: 1)
        let speech = DeliveryFinding.number(coverage.speech, digits: 1)
        return DeliveryFinding(
            name, "heard for \(heardSeconds) of \(speech) s of speech", "the narration is heard", false)
    }

    /// The `value` is the offset in milliseconds. A narration that is not found or incomplete has none.
    private static func finding(
        _ result: NarrationAlignment.Result, _ coverage: NarrationCoverage.Result?
    ) -> DeliveryFinding {
        func missing(_ measured: String) -> DeliveryFinding {
            DeliveryFinding("sync_\(result.segmentID)", measured, "the narration is heard", false)
        }
        switch result.outcome {
        case .offset(let seconds):
            if let coverage, coverage.missing > maximumMissing {
                return incomplete("sync_\(result.segmentID)", coverage)
            }
            return DeliveryFinding(
                "sync_\(result.segmentID)", "\(DeliveryFinding.number(seconds * 1000, digits: 1)) ms",
                value: seconds * 1000, "within 5 ms", abs(seconds) <= tolerance)
        case .silent: return missing("silent")
        case .mismatch: return missing("something else is heard")
        }
    }
}
