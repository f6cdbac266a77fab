package import Artifacts
package import Blocking
import Contracts
package import Faults
package import JSONRPC
package import Media
import Parameters
import ServiceKit
import Timebase

/// Media work on artifacts: what `clipper` and `stitcher` share.
package struct MediaWork: Sendable {
    package let artifacts: Artifacts
    package let blocking: BlockingPool

    package init(artifacts: Artifacts, blocking: BlockingPool) {
        self.artifacts = artifacts
        self.blocking = blocking
    }

    /// The path of an artifact that is read.
    ///
    /// - Parameter pointer: where its URI stood in the parameters.
    /// - Throws: `not_found`; `invalid_params`, also for what is not a regular file; `unauthorized` for a place that is not allowed.
    package func input(_ uri: String, at pointer: String) async throws(ServiceError) -> String {
        let file = try artifacts.input(uri, at: pointer)
        do throws(ServiceError) {
            return try await artifacts.localPath(file)
        } catch {
            guard error.kind == .invalidParams else { throw error }
            throw ServiceError(.invalidParams, "\(pointer): \(error.message)", detail: pointer)
        }
    }

    /// The artifact that is written.
    ///
    /// - Parameter pointer: where its URI stood in the parameters.
    /// - Throws: `invalid_params`; `unauthorized` for a place that is not allowed; `conflict` if something that is not a regular
    ///   file is there.
    package func target(_ uri: String, at pointer: String) throws(ServiceError) -> ArtifactURI {
        try artifacts.target(uri, at: pointer)
    }

    /// The path of an artifact that may be missing; `nil` where it is.
    package func inputIfPresent(_ uri: String, at pointer: String) async throws(ServiceError) -> String? {
        do {
            return try await input(uri, at: pointer)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    /// Runs work that writes one artifact, on a thread of its own.
    ///
    /// - Parameters:
    ///   - source: the URI of the file whose packets are copied: an artifact that cannot hold them is its fault.
    ///   - call: whose caller gets progress while the artifact goes to its store.
    ///   - body: writes to the path, and asks often whether it was cancelled.
    /// - Returns: what `body` returned, and the artifact's size in bytes.
    package func make<Report: Sendable>(
        _ output: ArtifactURI, copying source: String? = nil, reporting call: Call? = nil,
        _ body: @escaping @Sendable (_ path: String, _ cancelled: @escaping @Sendable () -> Bool) throws -> Report
    ) async throws -> (Report, Int) {
        var reports: Task<Void, Never>?
        defer { reports?.cancel() }
        let report = try await artifacts.output(output) { path in
            let report = try await blocking.run { cancelled in
                do {
                    return try body(path, cancelled)
                } catch let error as MediaError {
                    throw Self.named(error, source, path)
                }
            }
            reports = call?.reports(0.99, "storing \(output.name)")
            return report
        }
        return (report, try await artifacts.info(output)?.size ?? 0)
    }

    /// An error in which the file that is written does not stand for the one that is at fault.
    private static func named(_ error: MediaError, _ source: String?, _ path: String) -> MediaError {
        guard let source, error.kind == .corruptMedia, let name = path.split(separator: "/").last,
            let place = error.message.firstRange(of: name)
        else { return error }
        return MediaError(
            .corruptMedia,
            "\(source) has packets or timestamps that an MP4 cannot hold\(error.message[place.upperBound...])")
    }
}

extension VideoFormat {
    /// A film's shape as requests name it; `FilmDefaults` where they do not.
    ///
    /// - Throws: `invalid_params`.
    package init(width: Int?, height: Int?, fps: Double?) throws(ServiceError) {
        guard let rate = FrameRate(framesPerSecond: fps ?? FilmDefaults.fps) else {
            throw .invalidParams(at: "/fps", expected: "\(FilmBounds.fps.expected), found \(fps ?? 0)")
        }
        do {
            try self.init(width: width ?? FilmDefaults.width, height: height ?? FilmDefaults.height, rate: rate)
        } catch {
            throw .invalidParams(at: "/width", expected: "an even size; \(error.message)")
        }
    }
}
