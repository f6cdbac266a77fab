// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import Glibc
import JSON

/// Durable records of the MediaConvert jobs of each film, one JSON file per film.
///
/// A job is recorded before it is waited for, so that a request for the same film after a restart continues with the same job.
/// Replicas with the same state directory share the records. They are deleted after a week.
struct MediaConvertJobLedger: Sendable {
    /// The record of one film.
    struct Entry: Codable, Sendable, Equatable {
        /// A job that was created for the film.
        struct Job: Codable, Sendable, Equatable {
            /// MediaConvert's id.
            var id: String
            /// When it was created by this machine's clock, in seconds since 1970.
            var madeAt: Double
        }

        /// The state of the output when the film was verified.
        struct Film: Codable, Sendable, Equatable {
            /// Bytes.
            var size: Int
            /// Seconds since 1970.
            var modified: Double
        }

        /// How many attempts at the film were abandoned. Each edition has jobs of its own.
        var edition = 0
        /// The jobs by the name of their product: `film`, `stage_1`, ...
        var jobs: [String: Job] = [:]
        /// Present once the film was verified.
        var film: Film?
    }

    private static let retentionSeconds = 7 * 86_400

    private let folder: String

    /// - Parameter stateDirectory: `UNDERSTUDY_STATE_DIR`.
    init(stateDirectory: String) {
        folder = "\(stateDirectory)/stitcher/mediaconvert"
        PrivateFolder.restrictPermissions(folder)
    }

    /// Reads the record of a film; an empty one if there is none or it is damaged.
    ///
    /// - Parameter key: the film's key, in hexadecimal digits.
    func entry(_ key: String) -> Entry {
        guard let data = FileManager.default.contents(atPath: path(key)),
            let entry = try? JSONCoding.decode(Entry.self, from: data)
        else { return Entry() }
        return entry
    }

    /// Writes the record of a film durably, and deletes expired records.
    ///
    /// - Throws: `unavailable` if it cannot be written; without it, a restart would pay for the job twice.
    func write(_ entry: Entry, for key: String) throws(ServiceError) {
        do {
            try PrivateFolder.make(folder)
            try DurableFile.write(try JSONCoding.encode(entry), to: path(key))
        } catch {
            throw ServiceError(
                .unavailable,
                "cannot write \(path(key)), the record of MediaConvert jobs: \(ServiceError(wrapping: error).message)"
            )
        }
        deleteExpired()
    }

    private func path(_ key: String) -> String { "\(folder)/\(key).json" }

    private func deleteExpired() {
        let now = time(nil)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            if stat(path, &status) == 0, now - status.st_mtim.tv_sec > Self.retentionSeconds { unlink(path) }
        }
    }
}
