import Artifacts
import Faults
import FoundationEssentials
import Glibc
import JSON

/// Which MediaConvert jobs were made for which film: what is written before anybody waits for a job, so that who asks for the same
/// film again after a restart gets the same job. Replicas on one state directory share it; forgotten after a week.
struct CloudLedger: Sendable {
    struct Entry: Codable, Sendable, Equatable {
        struct Job: Codable, Sendable, Equatable {
            var id: String
            /// By this machine's clock, in seconds since 1970.
            var madeAt: Double
        }

        /// The film as it lies at its output since it was found good.
        struct Film: Codable, Sendable, Equatable {
            /// Bytes.
            var size: Int
            /// Seconds since 1970.
            var modified: Double
        }

        /// How often making the film was given up: a new edition makes new jobs.
        var edition = 0
        /// By the name of what the job makes.
        var jobs: [String: Job] = [:]
        var film: Film?
    }

    private static let secondsKept = 7 * 86_400

    private let folder: String

    init(stateDirectory: String) {
        folder = "\(stateDirectory)/stitcher/mediaconvert"
        PrivateFolder.tighten(folder)
    }

    /// - Parameter key: of the film, in hexadecimal digits.
    func entry(_ key: String) -> Entry {
        guard let data = FileManager.default.contents(atPath: path(key)),
            let entry = try? JSONCoding.decode(Entry.self, from: data)
        else { return Entry() }
        return entry
    }

    /// - Throws: `unavailable`: without the entry, a restart would pay for the job twice.
    func write(_ entry: Entry, for key: String) throws(ServiceError) {
        do {
            try PrivateFolder.make(folder)
            try DurableFile.write(try JSONCoding.encode(entry), to: path(key))
        } catch {
            throw ServiceError(
                .unavailable,
                "cannot write \(path(key)), which remembers MediaConvert's jobs: \(ServiceError(wrapping: error).message)"
            )
        }
        forgetOld()
    }

    private func path(_ key: String) -> String { "\(folder)/\(key).json" }

    private func forgetOld() {
        let now = time(nil)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            if stat(path, &status) == 0, now - status.st_mtim.tv_sec > Self.secondsKept { unlink(path) }
        }
    }
}
