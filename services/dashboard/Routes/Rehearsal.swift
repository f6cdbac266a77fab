import Faults
import FoundationEssentials
import Glibc
import JSON
import Logging
import Subprocess
import SystemPackage

/// The rehearsal behind a button: plays `understudy drill` in a process of its own, one at a time, and keeps what it has told so far.
actor Rehearsal {
    enum State: String, Encodable {
        /// Nobody has asked for it since this service began.
        case idle
        case playing, ended, stopped, failed
    }

    /// What there is to show.
    struct View: Encodable {
        var state: State
        /// All faults, in the order in which they are played: `{"fault", "expected"}`.
        var faults: [JSONValue]
        /// Of the faults that were played, as `understudy drill --json` prints them.
        var results: [JSONValue]
        /// Why it failed.
        var error: ServiceError?
    }

    /// Seconds that a rehearsal has for its services to stop.
    private static let grace = Duration.seconds(10)

    private let program: String?
    private let logger: Logger
    private var faults: [JSONValue]?
    private var view = View(state: .idle, faults: [], results: [])
    private var play: Task<Void, Never>?

    /// - Parameter program: the path of `understudy`; `nil` where it is not to be had.
    init(program: String?, logger: Logger) {
        self.program = program
        self.logger = logger
    }

    /// - Throws: `unavailable` where no `understudy` lies beside this service.
    func show() async throws -> View {
        view.faults = try await all()
        return view
    }

    /// Begins a rehearsal.
    ///
    /// - Throws: `conflict` while one is played.
    func begin() async throws -> View {
        let program = try found()
        view.faults = try await all()
        guard play == nil else {
            throw ServiceError(.conflict, "a drill is being played: wait for its end, or stop it")
        }
        (view.state, view.results, view.error) = (.playing, [], nil)
        logger.info("the drill begins")
        play = Task { await run(program) }
        return view
    }

    /// Ends a rehearsal early, and its services with it.
    func stop() async throws -> View {
        play?.cancel()
        await play?.value
        return try await show()
    }

    // MARK: -

    private func run(_ program: String) async {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.grace)]
        do {
            let ended = try await Subprocess.run(
                .path(FilePath(program)), arguments: ["drill", "--lines"], platformOptions: options, input: .none,
                output: .sequence, error: .string(limit: 65_536)
            ) { execution in
                for try await line in execution.standardOutput.strings() {
                    if let result = try? JSONCoding.decode(JSONValue.self, from: Data(line.utf8)) { self.hear(result) }
                }
            }
            try Task.checkCancellation()
            guard view.results.count == view.faults.count else {
                throw ServiceError(
                    .internal, "the drill ended with \(ended.terminationStatus): \(ended.standardError.suffix(2000))")
            }
            view.state = .ended
        } catch {
            view.state = Task.isCancelled ? .stopped : .failed
            if view.state == .failed { view.error = ServiceError(wrapping: error) }
        }
        logger.info("the drill: \(view.state.rawValue), \(view.results.count) faults played")
        play = nil
    }

    private func hear(_ result: JSONValue) { view.results.append(result) }

    /// What `understudy` can play; asked once.
    private func all() async throws -> [JSONValue] {
        if let faults { return faults }
        let listed = try await Subprocess.run(
            .path(FilePath(try found())), arguments: ["drill", "--list", "--json"], input: .none,
            output: .string(limit: 1 << 20), error: .discarded)
        let list = try JSONCoding.decode([JSONValue].self, from: Data(listed.standardOutput.utf8))
        faults = list
        return list
    }

    private func found() throws(ServiceError) -> String {
        guard let program else {
            throw ServiceError(
                .unavailable, "the drill needs the program understudy beside this service; it is not there")
        }
        return program
    }
}

extension Rehearsal {
    /// `understudy` as it lies beside this program, or where an installation has it.
    static func installedProgram() -> String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        let folder = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        return ["\(folder)/understudy", "\(folder)/../../bin/understudy"].first { access($0, X_OK) == 0 }
    }
}
