// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Contracts
import Faults
import Foundation
import JSON
import Untrusted

/// `understudy demo`: shows a takeover.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a takeover: the sample film with a failing lead.",
        discussion: "Needs no network and no account. The film is written to the store, see --store.")

    @Option(
        help: ArgumentHelp(
            "The store: a folder or s3://bucket/prefix; $UNDERSTUDY_STORE or ./store if absent.", valueName: "dir"))
    var store: String?

    @Option(help: ArgumentHelp("An option of the job, e.g. mode=simple; may be repeated.", valueName: "name=value"))
    var option: [JobOption] = []

    func run() async throws {
        let sample = try Installation.sample()
        let script = "\(NSTemporaryDirectory())understudy-demo-\(getpid()).json"
        try Data(Self.script.utf8).write(to: URL(filePath: script))
        defer { try? FileManager.default.removeItem(atPath: script) }
        var environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "scripted", "UNDERSTUDY_AGENT5_SCRIPT": StagedInputs.absolute(script),
        ]
        if let store {
            environment["UNDERSTUDY_STORE"] = try StagedInputs.uri(store).description
        } else if ProcessInfo.processInfo.environment["UNDERSTUDY_STORE"] == nil {
            environment["UNDERSTUDY_STORE"] = try StagedInputs.uri("store").description
        }
        var options = Dictionary(option.map { ($0.name, $0.value) }) { _, last in last }
        options["mode"] = options["mode"] ?? "fade"
        Terminal.print("A storyboard of four segments and sixty seconds, and a lead that will fail.\n")
        let session = JobSession(
            request: JobSession.Request(
                user: "demo", session: "lighthouse", storyboard: "\(sample)/storyboard.json", audio: sample,
                options: .object(options), output: nil, usesTemporaryStack: true, environment: environment))
        guard let receipt = try await session.run() else { throw Failure.interrupted }
        Terminal.print("")
        if let takeover = receipt.takeover {
            Terminal.print(
                "Why the lead failed: \(takeover.reason) (\(takeover.kind.rawValue), \(takeover.provider ?? Agent.lead.service))"
                    .printable())
        }
        for warning in receipt.warnings { Terminal.print("warning: \(warning.printable())") }
        let film = Self.path(receipt.videoURL ?? "")
        Terminal.print("Film: \(film)")
        Terminal.print("Receipt: understudy receipt \(film.replacing("/final.mp4", with: "/receipt.json"))")
        Terminal.print(receipt.costs.line)
        Terminal.print("")
        Terminal.print(JobSummary.stages(receipt.stages))
    }

    /// The path of a local file, or the URI of an object.
    private static func path(_ uri: String) -> String {
        uri.hasPrefix("file://") ? String(uri.dropFirst(7)) : uri
    }

    /// The script of a lead that begins well and then has no credit left.
    private static let script = """
        {"calls": [{"steps": [
          {"progress": 0.05, "message": "queued at the video provider"},
          {"wait_ms": 250},
          {"progress": 0.2, "message": "rendering seg_001"},
          {"wait_ms": 350},
          {"fail": {"kind": "quota_exhausted", "provider": "acme-video", "provider_code": "insufficient_quota",
                    "message": "You exceeded your current quota, please check your plan and billing details."}}
        ]}]}
        """
}
