import Foundation
package import JSON

/// A service on the loopback interface that stands for one of the outside world: a Python script of this folder, which runs until
/// the value goes.
package final class StandIn: @unchecked Sendable {
    /// Why one cannot be had.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// e.g. `http://127.0.0.1:4711`, without a slash at the end.
    package private(set) var url = ""
    private let name: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lock = NSLock()
    /// What came after the last answer.
    private var received = Data()

    /// Starts a stand-in and waits until it listens.
    ///
    /// - Parameter name: the script's, without `.py`.
    package init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        self.name = name
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent().path
        let python = "\(root)/.venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Missing(description: "\(python) is missing: run scripts/setup.sh test")
        }
        process.executableURL = URL(filePath: python)
        process.arguments = ["\(folder.path)/\(name).py"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard let url = try answer()["url"]?.string else {
            throw Missing(description: "\(name).py did not tell its URL")
        }
        self.url = url
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The variables that lead a service to the stand-in `aws`, with its first keys, and nowhere else.
    package var awsEnvironment: [String: String] {
        [
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent",
        ]
    }

    /// Gives a command. -> its answer.
    ///
    /// - Throws: `Missing` where the command failed.
    @discardableResult
    package func ask(_ command: JSONValue) throws -> JSONValue {
        lock.lock()
        defer { lock.unlock() }
        try input.fileHandleForWriting.write(contentsOf: try JSONCoding.encode(command) + Data("\n".utf8))
        let answer = try answer()
        if let error = answer["error"]?.string { throw Missing(description: "\(name).py: \(error)") }
        return answer
    }

    private func answer() throws -> JSONValue {
        var line = received
        received = Data()
        var looked = line.startIndex
        while true {
            if let end = line[looked...].firstIndex(of: UInt8(ascii: "\n")) {
                received = Data(line[(end + 1)...])
                return try JSONCoding.decode(JSONValue.self, from: Data(line[..<end]))
            }
            looked = line.endIndex
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Missing(description: "\(name).py has ended") }
            line += more
        }
    }
}
