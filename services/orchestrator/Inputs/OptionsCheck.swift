// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import JSONRPC
import Parameters
import ServiceKit
import Timebase
import Untrusted

/// Reads a job's options and reports all violations at once.
enum OptionsCheck {
    /// Reads options.
    ///
    /// - Parameter raw: the member `options` of the parameters; `nil` if absent.
    /// - Throws: `invalid_params` with each violation and its JSON pointer.
    static func read(_ raw: JSONValue?) throws(ServiceError) -> JobOptions {
        guard let raw, raw != .null else { return JobOptions() }
        guard let members = raw.object else { throw .invalidParams(at: "/options", expected: "an object") }
        var violations: [String] = []
        let known = JobOptions.CodingKeys.allCases.map(\.rawValue)
        let unknown = members.keys.filter { !known.contains($0) }.sorted()
        violations += unknown.prefix(maximumUnknown).map { name in
            let hint = EditDistance.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            return "/options/\(name.bounded(to: TextBound.quotation)): unknown option\(hint)"
        }
        if unknown.count > maximumUnknown {
            violations.append("/options: \(unknown.count - maximumUnknown) more unknown options")
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
        violations += options.violations(at: "/options").map(\.text)
        guard let first = violations.first else { return options }
        let count = violations.count + max(unknown.count - maximumUnknown - 1, 0)
        let message = count == 1 ? first : "\(count) violations, the first: \(first)"
        throw ServiceError(.invalidParams, message, detail: violations.joined(separator: "\n"))
    }

    /// The maximum number of unknown options that are listed by name.
    private static let maximumUnknown = 20

    /// The permitted values of options with named values.
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
}
