import Faults
import FoundationEssentials
import Retry
import ServicePool

/// All services of a stack as supervised children in one run directory.
actor Stack {
    /// In the order in which they are started.
    static let services = ["logger", "imagegen", "clipper", "stitcher", "agent5", "orchestrator", "dashboard"]

    nonisolated let runDirectory: RunDirectory
    private var children: [ServiceChild] = []

    /// - Parameters:
    ///   - scale: replicas by service; one where nothing is said.
    ///   - without: services that somebody else provides.
    ///   - environment: what the children get, beside the run directory.
    init(
        runDirectory: RunDirectory, scale: [String: Int] = [:], without: Set<String> = [],
        environment: [String: String], log: ServiceLog
    ) {
        self.runDirectory = runDirectory
        var environment = environment
        environment["UNDERSTUDY_RUN_DIR"] = runDirectory.path
        for service in Self.services where !without.contains(service) {
            for number in 1...max(scale[service] ?? 1, 1) {
                children.append(
                    ServiceChild(
                        service: service, instance: "\(service)-\(number)", executable: Self.executable(service),
                        environment: environment, log: log))
            }
        }
    }

    /// Starts all children and returns when each has published its socket.
    ///
    /// - Throws: `timeout` that names the children that do not serve.
    func start(timeout: Duration = .seconds(20)) async throws {
        try runDirectory.prepare()
        for child in children { try await child.start() }
        try await publication(of: children, timeout: timeout)
    }

    /// Ends all replicas of a service as a crash would; nobody answers on their sockets until `release`.
    func hold(_ service: String) async {
        let held = children.filter { $0.service == service }
        for child in held { await child.hold() }
        while await Self.isRunning(held) { try? await Task.sleep(for: .milliseconds(5)) }
    }

    /// Starts a service again that was held, and returns when it serves.
    ///
    /// - Throws: `timeout`.
    func release(_ service: String, timeout: Duration = .seconds(20)) async throws {
        let held = children.filter { $0.service == service }
        // What the crash left behind is no sign of life.
        for child in held {
            try? FileManager.default.removeItem(
                atPath: runDirectory.socketPath(service: service, instance: child.instance))
        }
        for child in held { await child.release() }
        try await publication(of: held, timeout: timeout)
    }

    /// - Throws: `timeout` that names the children that do not serve.
    private func publication(of children: [ServiceChild], timeout: Duration) async throws {
        var missing = children
        let isServing = try await poll(Backoff(every: .milliseconds(10)), within: timeout) {
            missing = children.filter { !runDirectory.instances(of: $0.service).contains($0.instance) }
            return missing.isEmpty
        }
        guard isServing else {
            let names = missing.map(\.instance).joined(separator: ", ")
            throw ServiceError(.timeout, "\(names) did not begin to serve in \(runDirectory.path); see the log")
        }
    }

    /// Asks all children to drain, and ends those that do not.
    func stop(patience: Duration = .seconds(35)) async {
        for child in children.reversed() { await child.stop() }
        let giveUp = ContinuousClock.now + patience
        while await Self.isRunning(children), ContinuousClock.now < giveUp {
            try? await Task.sleep(for: .milliseconds(20))
        }
        for child in children { await child.kill() }
    }

    private static func isRunning(_ children: [ServiceChild]) async -> Bool {
        for child in children where await child.isRunning { return true }
        return false
    }

    /// The services' executables lie beside this one, or in the private folder of an installation.
    static func executable(_ service: String) -> String {
        let folder = Installation.folder
        let beside = "\(folder)/\(service)"
        return FileManager.default.isExecutableFile(atPath: beside)
            ? beside : "\(folder)/../libexec/understudy/\(service)"
    }
}

/// Where this program lies.
enum Installation {
    static var folder: String {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// The folder of the sample storyboard.
    ///
    /// - Throws: `not_found`.
    static func sample() throws(ServiceError) -> String {
        let places = ["\(folder)/understudy_Understudy.resources/Sample", "\(folder)/../share/understudy/Sample"]
        guard let found = places.first(where: { FileManager.default.fileExists(atPath: "\($0)/storyboard.json") })
        else {
            throw ServiceError(.notFound, "the sample is missing; it should lie at \(places[0])")
        }
        return found
    }
}
