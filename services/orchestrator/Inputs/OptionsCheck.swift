import Contracts
import Faults
import JSON
import ServiceKit
import Timebase
import Untrusted

/// Finds everything that is wrong with a job's options at once.
enum OptionsCheck {
    /// - Parameter raw: `options` as it came; `nil` where there was none.
    /// - Throws: `invalid_params` with each violation and its JSON pointer.
    static func read(_ raw: JSONValue?) throws(ServiceError) -> JobOptions {
        guard let raw, raw != .null else { return JobOptions() }
        guard let members = raw.object else { throw .invalidParams(at: "/options", expected: "an object") }
        var violations: [String] = []
        let known = JobOptions.CodingKeys.allCases.map(\.rawValue)
        let unknown = members.keys.filter { !known.contains($0) }.sorted()
        violations += unknown.prefix(maximumUnknown).map { name in
            let hint = EditDistance.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            return "/options/\(name.bounded(to: TextBound.quotation)): there is no such option\(hint)"
        }
        if unknown.count > maximumUnknown {
            violations.append("/options: \(unknown.count - maximumUnknown) more names are no options")
        }
        var options = JobOptions()
        for name in members.keys.sorted() where known.contains(name) {
            guard let value = members[name], value != .null else { continue }
            do {
                let one = try JSONCoding.convert(JSONValue.object([name: value]), to: JobOptions.self)
                options = try merge(options, one)
            } catch is DecodingError where choices[name] != nil {
                let names = (choices[name] ?? []).joined(separator: ", ")
                violations.append("/options/\(name): expected one of \(names)")
            } catch let error as DecodingError {
                violations.append("/options\(ServiceError.invalidParams(from: error).message)")
            } catch {
                violations.append("/options/\(name): \(error)")
            }
        }
        violations += ranges(options)
        guard let first = violations.first else { return options }
        let count = violations.count + max(unknown.count - maximumUnknown - 1, 0)
        let message = count == 1 ? first : "\(count) violations, the first: \(first)"
        throw ServiceError(.invalidParams, message, detail: violations.joined(separator: "\n"))
    }

    /// Unknown options that are listed by name.
    private static let maximumUnknown = 20

    /// Options that are one of a few words.
    private static let choices: [String: [String]] = [
        "mode": StitchMode.allCases.map(\.rawValue), "fit": ClipFit.allCases.map(\.rawValue),
        "fit_narration": NarrationFitting.allCases.map(\.rawValue), "captions": Captions.allCases.map(\.rawValue),
        "stitch_backend": StitchBackend.allCases.map(\.rawValue),
        "on_image_failure": ImageFailurePolicy.allCases.map(\.rawValue),
        "fallback": FallbackScope.allCases.map(\.rawValue), "when_busy": BusyPolicy.allCases.map(\.rawValue),
    ]

    private static func merge(_ left: JobOptions, _ right: JobOptions) throws -> JobOptions {
        let (a, b) = (
            try JSONCoding.convert(left, to: JSONValue.self), try JSONCoding.convert(right, to: JSONValue.self)
        )
        let all = (a.object ?? [:]).merging(b.object ?? [:]) { _, new in new }
        return try JSONCoding.convert(JSONValue.object(all), to: JobOptions.self)
    }

    private static func ranges(_ options: JobOptions) -> [String] {
        var violations: [String] = []
        func need(_ isGood: Bool?, _ name: String, _ expected: String) {
            if isGood == false { violations.append("/options/\(name): expected \(expected)") }
        }
        need(options.fade.map { $0.isFinite && (0...5).contains($0) }, "fade_s", "seconds from 0 to 5")
        need(options.width.map { (64...4096).contains($0) && $0 % 2 == 0 }, "width", "an even number from 64 to 4096")
        need(options.height.map { (64...4096).contains($0) && $0 % 2 == 0 }, "height", "an even number from 64 to 4096")
        need(options.fps.map { FrameRate(framesPerSecond: $0) != nil }, "fps", FrameRate.standardText)
        need(options.priority.map { (-100...100).contains($0) }, "priority", "a whole number from -100 to 100")
        need(options.imageConcurrency.map { (1...16).contains($0) }, "image_concurrency", "1 to 16")
        need(options.maxCost.map { $0 >= .zero }, "max_cost_usd", "0 or more")
        need(
            options.leadFaultShare.map { $0.isFinite && (0.05...1).contains($0) }, "lead_fault_share",
            "a share from 0.05 to 1")
        need(options.hedgeMaxCost.map { $0 >= .zero }, "hedge_max_cost_usd", "0 or more")
        for (name, seconds) in [
            ("agent5_timeout_s", options.agent5Timeout), ("agent5_stall_s", options.agent5Stall),
            ("agent5_first_progress_s", options.agent5FirstProgress), ("agent5_queue_s", options.agent5Queue),
            ("hedge_after_s", options.hedgeAfter),
        ] {
            need(seconds.map { $0.isFinite && (0.1...86_400).contains($0) }, name, "seconds from 0.1 to 86400")
        }
        for (name, seconds) in [("fade_in_s", options.fadeIn), ("fade_out_s", options.fadeOut)] {
            need(seconds.map { $0.isFinite && (0...10).contains($0) }, name, "seconds from 0 to 10")
        }
        need(
            options.loudness.map { $0.isFinite && (-40 ... -5).contains($0) }, "loudness_lufs", "LUFS from -40 to -5")
        need(
            options.musicLevel.map { $0.isFinite && (-60...12).contains($0) }, "music_level_db", "dB from -60 to 12")
        return violations
    }
}
