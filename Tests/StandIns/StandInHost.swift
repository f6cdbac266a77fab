// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import TestSupport

/// The process `host.py`, which runs the stand-ins of this test process and ends with it.
enum StandInHost {
    /// The name of the host's abstract Unix socket, or why the host does not run.
    private static let running = Result<String, any Error> { try start() }
    /// The standard input of the host, which ends with this process.
    private static let input = Pipe()

    private static func start() throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let python = folder.appending(path: "../../.venv/bin/python").standardized.path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw StandIn.Failure(description: "\(python) is missing: run scripts/setup.sh test")
        }
        let name = "us-stand-ins-\(UUID().uuidString)"
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-B", folder.appending(path: "host.py").path, name]
        process.environment = TestEnvironment.inherited
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        guard !output.fileHandleForReading.availableData.isEmpty else {
            throw StandIn.Failure(description: "host.py has ended: run it with a name to see why")
        }
        return name
    }

    /// A new connection to the host, which starts with the first one.
    ///
    /// - Throws: `StandIn.Failure` if the host does not run.
    static func connection() throws -> UnixPeer {
        // An abstract socket leaves no file.
        guard let connection = UnixPeer("\0\(try running.get())", timeout: 120) else {
            throw StandIn.Failure(description: "host.py has ended")
        }
        return connection
    }
}
