import Foundation
import Synchronization

/// A program as a person would run it.
final class Program: Sendable {
    struct Ended: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The folder of the executables that were built: the test bundle lies beside them.
    static var folder: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private let process: Process
    private let texts = Mutex<(output: String, errors: String)>(("", ""))
    private let lines: AsyncStream<String>
    private let exit: AsyncStream<Int32>

    /// Starts an executable of ours by its name, or any program by its path.
    init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil) throws {
        process = Process()
        process.executableURL = URL(filePath: name.hasPrefix("/") ? name : "\(Self.folder)/\(name)")
        process.arguments = arguments
        var all = ProcessInfo.processInfo.environment
        all["SWIFT_BACKTRACE"] = "enable=no"
        process.environment = all.merging(environment) { _, own in own }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        if let input {
            let pipe = Pipe()
            process.standardInput = pipe
            try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try pipe.fileHandleForWriting.close()
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        let (lines, lineInput) = AsyncStream.makeStream(of: String.self)
        let (exit, exitInput) = AsyncStream.makeStream(of: Int32.self)
        self.lines = lines
        self.exit = exit
        let group = DispatchGroup()
        group.enter()
        group.enter()
        group.enter()
        read(output, group) { text in
            self.texts.withLock { $0.output += text }
            for line in text.split(separator: "\n") { lineInput.yield(String(line)) }
        }
        read(errors, group) { text in self.texts.withLock { $0.errors += text } }
        process.terminationHandler = { _ in group.leave() }
        try process.run()
        group.notify(queue: .global()) { [process] in
            lineInput.finish()
            exitInput.yield(process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
            exitInput.finish()
        }
    }

    private func read(_ pipe: Pipe, _ group: DispatchGroup, _ take: @escaping @Sendable (String) -> Void) {
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                group.leave()
            } else {
                take(String(decoding: data, as: UTF8.self))
            }
        }
    }

    var pid: Int32 { process.processIdentifier }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Returns when a line of the output contains the text; false if the output ends before.
    func says(_ text: String) async -> Bool {
        for await line in lines where line.contains(text) { return true }
        return false
    }

    func ended() async -> Ended {
        var status: Int32 = -1
        for await value in exit { status = value }
        let (output, errors) = texts.withLock { ($0.output, $0.errors) }
        return Ended(status: status, output: output, errors: errors)
    }

    /// Runs to the end.
    static func run(
        _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil
    ) async throws -> Ended {
        try await Program(name, arguments, environment: environment, input: input).ended()
    }
}
