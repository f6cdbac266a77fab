import Foundation
import JSONRPC
import Synchronization

/// One replica of a service as a child process, started again when it dies.
///
/// The child ends when its standard input does: whatever becomes of this process, `kill -9` included, no child is left behind.
actor ServiceChild {
    nonisolated let service: String
    nonisolated let instance: String
    private let executable: String
    private let environment: [String: String]
    private let log: ServiceLog
    private var process: Process?
    private var input: Pipe?
    private var isStopping = false
    private var failures = 0
    private var startedAt = ContinuousClock.now

    init(service: String, instance: String, executable: String, environment: [String: String], log: ServiceLog) {
        self.service = service
        self.instance = instance
        self.executable = executable
        var environment = environment
        environment["UNDERSTUDY_INSTANCE"] = instance
        environment["UNDERSTUDY_SUPERVISED"] = "stdin"
        self.environment = environment
        self.log = log
    }

    /// - Throws: `not_found` where the executable is missing.
    func start() throws {
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw ServiceError(.notFound, "\(executable) is missing: build it by `make build`")
        }
        let process = Process()
        let (input, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: executable)
        process.environment = environment
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        let (label, log) = ("\(service)/\(instance)", self.log)
        let kept = Mutex<[UInt8]>([])
        errors.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let lines = kept.withLock { bytes -> [String] in
                bytes += data
                guard let last = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
                let whole = bytes[..<last].split(separator: UInt8(ascii: "\n"))
                let lines = whole.map { String(decoding: $0, as: UTF8.self) }
                bytes.removeSubrange(...last)
                return lines
            }
            for line in lines { log.write(label, line) }
        }
        process.terminationHandler = { process in
            let status =
                process.terminationReason == .exit
                ? "status \(process.terminationStatus)" : "signal \(process.terminationStatus)"
            Task { await self.ended(status) }
        }
        try process.run()
        self.process = process
        self.input = input
        startedAt = .now
    }

    /// Asks the child to stop; it drains.
    func stop() {
        isStopping = true
        if process?.isRunning == true { process?.terminate() }
    }

    /// Ends a child that does not stop.
    func kill() {
        isStopping = true
        if let process, process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    }

    var isRunning: Bool { process?.isRunning ?? false }

    private func ended(_ status: String) async {
        guard !isStopping else { return }
        // A child that ran for a while begins anew with a short pause; one that dies at once is given time.
        failures = startedAt.duration(to: .now) > .seconds(10) ? 0 : failures + 1
        let pause = RestartBackOff.pause(failures: failures)
        log.write("understudy", "\(service)/\(instance) ended with \(status), starting it again in \(pause)")
        try? await Task.sleep(for: pause)
        guard !isStopping else { return }
        do {
            try start()
        } catch {
            log.write("understudy", "\(service)/\(instance) does not start: \(error)")
            await ended("an error")
        }
    }
}

/// How long a child that died is left alone.
enum RestartBackOff {
    /// - Parameter failures: short lives in a row, 0 after a long one.
    static func pause(failures: Int) -> Duration {
        .milliseconds(min(100 << min(failures, 6), 5000))
    }
}
