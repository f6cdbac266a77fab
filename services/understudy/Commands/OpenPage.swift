// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ServiceKit

/// `understudy open`: opens the page in the browser.
struct OpenPage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Open the web page of a job, or the list of all jobs, in the browser.",
        discussion: "Always prints the address. Without a desktop it does nothing else.")

    @Argument(help: "The job's ID; the list of jobs if absent.")
    var job: String?

    func run() async throws {
        let address = try await PageAddress.find(in: try ServiceSettings().runDirectory)
        let page = job.map { "\(address)/jobs/\($0)" } ?? address
        Terminal.print(page)
        guard let opener = Self.opener() else { return }
        let process = Process()
        process.executableURL = URL(filePath: opener)
        process.arguments = [page]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try? process.run()
    }

    /// The path of `xdg-open`; `nil` without a desktop.
    private static func opener() -> String? {
        let environment = ProcessInfo.processInfo.environment
        guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else { return nil }
        return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/xdg-open" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
