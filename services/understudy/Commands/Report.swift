// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import JobFiles
import ServiceKit
import Untrusted

/// `understudy report`: measures a finished film.
struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a finished film and compare it with its targets.",
        discussion: """
            Prints each measurement, its target, and whether it passes. The exit status is 1 if one fails.
            Uses a running clipper, or starts a temporary one.
            """)

    @Argument(help: "The film's path.")
    var file: String

    @Option(help: ArgumentHelp("The storyboard, to compare the sound with the narrations.", valueName: "file"))
    var storyboard: String?

    @Option(help: ArgumentHelp("The folder of the narrations: {segment}.mp3, ...", valueName: "dir"))
    var audio: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let film = try Self.uri(file)
        let request = ProbeMedia(media: film, decode: true, report: true, narrations: try narrations())
        let probed = try await SingleCall.call(ClipperAPI.probe, request)
        guard let report = probed.report else { throw ServiceError(.internal, "the clipper returned no report") }
        if json {
            try Terminal.printJSON(report)
        } else {
            Terminal.print(Self.table(report))
        }
        if !report.isPassed { throw ExitCode(1) }
    }

    private static func table(_ report: DeliveryReport) -> String {
        let measurements = report.points.map { point in
            (point.isPassed, point.name.printable(), point.measured.printable(), point.target.printable())
        }
        let widths = [measurements.map(\.1.count).max() ?? 0, measurements.map(\.2.count).max() ?? 0]
        func padded(_ text: String, _ column: Int) -> String {
            text + String(repeating: " ", count: max(widths[column] - text.count, 0))
        }
        let lines = measurements.map { isPassed, name, measured, target in
            "\(isPassed ? "pass" : "FAIL")  \(padded(name, 0))  \(padded(measured, 1))  \(target)"
        }
        let failed = report.points.count { !$0.isPassed }
        return (lines + ["", failed == 0 ? "passed" : "\(failed) of \(report.points.count) points failed"])
            .joined(separator: "\n")
    }

    /// The narrations to compare the sound with; `nil` without a storyboard.
    private func narrations() throws -> [ProbeNarration]? {
        guard let storyboard else { return nil }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: storyboard))
        } catch {
            throw ServiceError(.notFound, "there is no storyboard \(storyboard)")
        }
        let segments = try JSONCoding.decode(JSONValue.self, from: data)["segments"]?.array ?? []
        return segments.map { segment in
            let id = segment["id"]?.string ?? segment["segment_id"]?.string ?? ""
            return ProbeNarration(
                segmentID: id, duration: segment["duration"]?.double ?? 0, audio: narration(of: id))
        }
    }

    private func narration(of id: String) -> String? {
        guard let audio else { return nil }
        return JobFilePaths.narrationExtensions.map { "\(audio)/\(id).\($0)" }
            .first { (try? Data(contentsOf: URL(filePath: $0), options: .alwaysMapped)) != nil }
            .map { ArtifactURI(filePath: StagedInputs.absolute($0)).description }
    }

    private static func uri(_ path: String) throws -> String {
        try StagedInputs.uri(path).description
    }
}
