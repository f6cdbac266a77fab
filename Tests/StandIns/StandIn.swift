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
    private let connection: UnixPeer
    private let lock = NSLock()

    /// Starts a stand-in and waits until it listens.
    ///
    /// - Parameters:
    ///   - name: The script's name without `.py`.
    ///   - environment: Variables in addition to `TestEnvironment.inherited`.
    /// - Throws: `Failure` if the script does not start.
    package init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        self.name = name
        connection = try StandInHost.connection()
        let request: JSONValue = [
            "script": .string(name), "arguments": .array(arguments.map { .string($0) }),
            "environment": .object(environment.mapValues { .string($0) }),
        ]
        guard let url = try send(request)["url"]?.string else {
            throw Failure(description: "\(name).py did not report its URL")
        }
        self.url = url
    }

    /// Ends the script, and waits until it has ended.
    deinit {
        connection.endInput()
        while connection.line() != nil {}
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
        connection.send(String(decoding: try JSONCoding.encode(command), as: UTF8.self) + "\n")
        guard let line = connection.line() else {
            throw Failure(description: "\(name).py has ended, or did not reply within 120 s")
        }
        let reply = try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
        if let error = reply["error"]?.string { throw Failure(description: "\(name).py: \(error)") }
        return reply
    }
}
