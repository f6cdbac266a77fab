/// How a film's sound measures, and whether it keeps to its narrations.
enum SoundCheck {
    /// Seconds off that a narration may be.
    private static let tolerance = 0.005
    /// Seconds of speech that may be missing.
    private static let mostMissing = 0.5

    struct Outcome: Sendable {
        var findings: [DeliveryFinding] = []
        /// The peak of each tenth of a second; empty unless asked for.
        var levels: [Float] = []
    }

    /// - Parameter isThorough: whether to measure levels, and how much of each narration is heard.
    static func run(
        _ path: String, _ narrations: [ExpectedNarration], hasSound: Bool, isThorough: Bool, cancelled: () -> Bool
    ) throws(MediaError) -> Outcome {
        guard hasSound else { return Outcome() }
        var checks = SyncWindows(narrations)
        var meter = try LoudnessMeter()
        var reader = try AudioReader.open(path, from: .picture)
        var position = 0
        var levels: [Float] = []
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(NarrationCoverage.block)
            guard samples.count > 0 else { break }
            try meter.add(samples)
            checks.add(samples, at: position)
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
        for result in try checks.results(cancelled: cancelled) {
            findings.append(finding(result, coverage.first { $0.segmentID == result.segmentID }))
        }
        // A narration that begins with seconds of silence has no place at which it could be looked for.
        for result in coverage where result.missing > mostMissing {
            let name = "sync_\(result.segmentID)"
            if !findings.contains(where: { $0.name == name }) { findings.append(incomplete(name, result)) }
        }
        return Outcome(findings: findings, levels: levels)
    }

    private static func incomplete(_ name: String, _ coverage: NarrationCoverage.Result) -> DeliveryFinding {
        let heard = DeliveryFinding.number(max(coverage.speech - coverage.missing, 0), digits: 1)
        let speech = DeliveryFinding.number(coverage.speech, digits: 1)
        return DeliveryFinding(
            name, "heard for \(heard) of \(speech) s of speech", "the narration is heard", false)
    }

    /// Its `value` is the offset in milliseconds; a narration that is not found, or not to its end, has none.
    private static func finding(
        _ result: SyncWindows.Result, _ coverage: NarrationCoverage.Result?
    ) -> DeliveryFinding {
        func missing(_ measured: String) -> DeliveryFinding {
            DeliveryFinding("sync_\(result.segmentID)", measured, "the narration is heard", false)
        }
        switch result.outcome {
        case .offset(let seconds):
            if let coverage, coverage.missing > mostMissing { return incomplete("sync_\(result.segmentID)", coverage) }
            return DeliveryFinding(
                "sync_\(result.segmentID)", "\(DeliveryFinding.number(seconds * 1000, digits: 1)) ms",
                value: seconds * 1000, "within 5 ms", abs(seconds) <= tolerance)
        case .silent: return missing("silent")
        case .unlike: return missing("something else is heard")
        }
    }
}
