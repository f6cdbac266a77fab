// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// A file that ffmpeg makes of its filter sources alone: made once in a test process and copied for each test that wants it.
struct FilterSource {
    private static let folder = TemporaryPath.new("sources")
    /// The names in the folder by command.
    private static let made = Mutex<[String: String]>([:])

    private let command: String
    private let name: String

    /// - Returns: `nil` if the command reads a file, or prints what it makes.
    init?(_ program: String, _ arguments: [String]) {
        let inputs = arguments.indices.filter { arguments[$0] == "-i" }
        guard program == "ffmpeg", let name = arguments.last, name != "-", !inputs.isEmpty,
            inputs.allSatisfy({ $0 >= 2 && arguments[$0 - 2...$0 - 1] == ["-f", "lavfi"] })
        else { return nil }
        // The extension selects the format.
        command = (arguments.dropLast() + [URL(filePath: name).pathExtension]).joined(separator: "\n")
        self.name = name
    }

    /// Copies the file that an earlier test made.
    ///
    /// - Returns: whether there was one.
    func copy(into target: String) throws -> Bool {
        guard let saved = Self.made.withLock({ $0[command] }) else { return false }
        let path = path(in: target)
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        try FileManager.default.copyItem(atPath: "\(Self.folder)/\(saved)", toPath: path)
        return true
    }

    /// Saves the file that a test made.
    func save(from target: String) throws {
        try Self.made.withLock { made in
            // Another test may have made the same file meanwhile.
            guard made[command] == nil else { return }
            if made.isEmpty {
                try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
                atexit { try? FileManager.default.removeItem(atPath: FilterSource.folder) }
            }
            try FileManager.default.copyItem(atPath: path(in: target), toPath: "\(Self.folder)/\(made.count)")
            made[command] = "\(made.count)"
        }
    }

    private func path(in target: String) -> String { name.hasPrefix("/") ? name : "\(target)/\(name)" }
}
