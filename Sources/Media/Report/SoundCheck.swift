/// How a film's sound measures, and whether it keeps to its narrations.
enum SoundCheck {
    /// Seconds off that a narration may be.
    private static let tolerance = 0.005

    static func findings(
        _ path: String, _ narrations: [ExpectedNarration], hasSound: Bool, cancelled: () -> Bool
    ) throws(MediaError) -> [DeliveryFinding] {
        guard hasSound else { return [] }
        var checks = SyncWindows(narrations)
        var meter = try LoudnessMeter()
        var reader = try AudioReader.open(path)
        var position = 0
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let samples = try reader.read(4800)
            guard samples.count > 0 else { break }
            try meter.add(samples)
            checks.add(samples, at: position)
            position += samples.count
        }
        let (integrated, peak) = (meter.integrated, meter.truePeak)
        func level(_ value: Double?, _ unit: String) -> String {
            value.map { "\(DeliveryCheck.number($0, digits: 1)) \(unit)" } ?? "silent"
        }
        let isMeantSilent = narrations.allSatisfy { $0.audio == nil }
        var findings = [
            DeliveryCheck.finding(
                "loudness", level(integrated, "LUFS"), value: integrated, "-30 to -9 LUFS",
                integrated.map { (-30 ... -9).contains($0) } ?? isMeantSilent),
            DeliveryCheck.finding("true_peak", level(peak, "dBTP"), "at most -1 dBTP", (peak ?? -99) <= -1),
        ]
        for result in try checks.results(cancelled: cancelled) {
            switch result.outcome {
            case .offset(let seconds):
                findings.append(
                    DeliveryCheck.finding(
                        "sync_\(result.segmentID)", "\(DeliveryCheck.number(seconds * 1000, digits: 1)) ms",
                        "within 5 ms",
                        abs(seconds) <= tolerance))
            case .silent:
                findings.append(
                    DeliveryCheck.finding("sync_\(result.segmentID)", "silent", "the narration is heard", false))
            case .unlike:
                findings.append(
                    DeliveryCheck.finding(
                        "sync_\(result.segmentID)", "something else is heard", "the narration is heard", false))
            }
        }
        return findings
    }
}
