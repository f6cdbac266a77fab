// SPDX-License-Identifier: Apache-2.0

import Foundation
package import JSON
import TestSupport

/// A server on the loopback interface that stands in for a service of the outside world: a Python script of this folder, which runs
/// as long as the value lives.
///
/// ```swift
/// let aws = try StandIn("aws")
/// try aws.send(["keys": ["AKIATEST": "secret"]])
/// ```
package final class StandIn: @unchecked Sendable {
    /// The stand-in could not be started, or a command failed.
    package struct Failure: Error, CustomStringConvertible {
        /// The cause, and what to do about it.
        package let description: String
    }

    /// The URL of the server, e.g. `http://127.0.0.1:4711`, without a slash at the end.
    package private(set) var url = ""
    private let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lock = NSLock()
    /// Output after the last reply.
    private var received = Data()

    /// Starts a stand-in and waits until it listens.
    ///
    /// - Parameters:
    ///   - name: The script's name without `.py`.
    ///   - environment: Variables in addition to `TestEnvironment.inherited`.
    /// - Throws: `Failure` if the script does not start.
    package init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        self.name = name
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent().path
        let python = "\(root)/.venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(description: "\(python) is missing: run scripts/setup.sh test")
        }
        process.executableURL = URL(filePath: python)
        process.arguments = ["\(folder.path)/\(name).py"] + arguments
        process.environment = TestEnvironment.inherited.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard let url = try reply()["url"]?.string else {
            throw Failure(description: "\(name).py did not report its URL")
        }
        self.url = url
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The variables that lead a service to the stand-in `aws` with its first keys, and hide every other source of credentials.
    package var awsEnvironment: [String: String] {
        [
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent",
        ]
    }

    /// Sends a command to the script; see the head of the script.
    ///
    /// - Returns: The reply.
    /// - Throws: `Failure` if the command fails.
    @discardableResult
    package func send(_ command: JSONValue) throws -> JSONValue {
        lock.lock()
        defer { lock.unlock() }
        try input.fileHandleForWriting.write(contentsOf: try JSONCoding.encode(command) + Data("\n".utf8))
        let reply = try reply()
        if let error = reply["error"]?.string { throw Failure(description: "\(name).py: \(error)") }
        return reply
    }

    /// Reads a line of the script's output.
    private func reply() throws -> JSONValue {
        var line = received
        received = Data()
        var searched = line.startIndex
        while true {
            if let end = line[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                received = Data(line[(end + 1)...])
                return try JSONCoding.decode(JSONValue.self, from: Data(line[..<end]))
            }
            searched = line.endIndex
            var wait = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 120_000) != 0 else {
                throw Failure(description: "\(name).py did not reply within 120 s")
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure(description: "\(name).py has ended") }
            line += more
        }
    }
}
