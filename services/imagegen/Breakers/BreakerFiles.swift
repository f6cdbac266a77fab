import Artifacts
import Breaker
import FoundationEssentials
import JSON

/// The breakers of image providers on disk: a file for each, which all replicas of this machine share and a restart finds again.
struct BreakerFiles: Sendable {
    let folder: String

    /// How often a breaker that another process is changing is tried again, every 50 ms; then it is changed all the same, since that
    /// process may be stopped.
    private static let tries = 20

    init(folder: String) {
        self.folder = folder
        PrivateFolder.tighten(folder)
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Claims a breaker for a change.
    ///
    /// - Returns: what releases the claim with its value; `nil` if it cannot be had.
    func claim(_ name: String) async -> KeyHold? {
        try? PrivateFolder.make(folder)
        for _ in 0..<Self.tries {
            if let hold = try? KeyHold.now(for: path(name, "lock")) { return hold }
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return nil }
        }
        return nil
    }

    /// A breaker as it was stored last; `nil` where none is, or one that cannot be read.
    func read(_ name: String) -> BreakerMachine? {
        FileManager.default.contents(atPath: path(name, "json"))
            .flatMap { try? JSONCoding.decode(BreakerMachine.self, from: $0) }
    }

    /// - Throws: `unavailable` where the folder cannot be written.
    func write(_ machine: BreakerMachine, _ name: String) throws {
        try PrivateFolder.make(folder)
        try DurableFile.write(try JSONCoding.encode(machine), to: path(name, "json"))
    }

    /// Marks a call that probes as under way.
    func probe(_ name: String) -> ProbeHold? { ProbeHold(path(name, "probe")) }

    func isProbed(_ name: String) -> Bool { ProbeHold.isHeld(path(name, "probe")) }

    private func path(_ name: String, _ ending: String) -> String { "\(folder)/\(name).\(ending)" }
}
