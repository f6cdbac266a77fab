// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Breaker
import FoundationEssentials
import JSON

/// Stores the breakers of image providers: one file each, shared by all replicas of this machine and read again after a restart.
struct BreakerFiles: Sendable {
    /// The folder of the files.
    let folder: String

    /// How long to wait for the lock of another process. After that the breaker is changed without it, since that process may be
    /// stopped.
    private static let lockTimeout = Duration.seconds(1)

    init(folder: String) {
        self.folder = folder
        PrivateFolder.restrictPermissions(folder)
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Locks a breaker for a change.
    ///
    /// - Returns: The lock, released with the value; `nil` if it cannot be acquired.
    func lock(_ name: String) async -> KeyLock? {
        try? PrivateFolder.make(folder)
        return try? await KeyLock.acquire(path(name, "lock"), within: Self.lockTimeout)
    }

    /// Reads a breaker; `nil` if none is stored or if it cannot be read.
    func read(_ name: String) -> BreakerMachine? {
        FileManager.default.contents(atPath: path(name, "json"))
            .flatMap { try? JSONCoding.decode(BreakerMachine.self, from: $0) }
    }

    /// Stores a breaker durably.
    ///
    /// - Throws: `unavailable` if the folder cannot be written.
    func write(_ machine: BreakerMachine, _ name: String) throws {
        try PrivateFolder.make(folder)
        try DurableFile.write(try JSONCoding.encode(machine), to: path(name, "json"))
    }

    /// Marks a probing call as in progress, until the lock is released.
    func probe(_ name: String) -> ProbeLock? { ProbeLock(path(name, "probe")) }

    /// Whether a probing call is in progress in any process.
    func isProbed(_ name: String) -> Bool { ProbeLock.isHeld(path(name, "probe")) }

    private func path(_ name: String, _ ending: String) -> String { "\(folder)/\(name).\(ending)" }
}
