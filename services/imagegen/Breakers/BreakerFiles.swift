import Artifacts
import Breaker
import FoundationEssentials
import JSON

/// The breakers of image providers on disk: a file for each, which all replicas of this machine share and a restart finds again.
struct BreakerFiles: Sendable {
    let folder: String

    /// How long a breaker that another process is changing is waited for; then it is changed all the same, since that process may be
    /// stopped.
    private static let patience = Duration.seconds(1)

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
        return try? await KeyHold.wait(for: path(name, "lock"), within: Self.patience)
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
