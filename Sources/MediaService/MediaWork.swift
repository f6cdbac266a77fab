// SPDX-License-Identifier: Apache-2.0

package import Artifacts
package import Blocking
import Contracts
package import Faults
package import JSONRPC
package import Media
import Parameters
import ServiceKit
import Timebase

/// Runs media work on artifacts for `clipper`, `stitcher` and `agent5`: resolves inputs, writes outputs atomically.
///
/// ```swift
/// let clip = try await media.input(request.clip, at: "/clip")
/// let output = try media.target(request.output, at: "/output")
/// let (report, bytes) = try await media.make(output) { path, isCancelled in
///     try Film.stitch(recipe(clip), output: path, cancelled: isCancelled)
/// }
/// ```
package struct MediaWork: Sendable {
    /// Where inputs are read and outputs are written.
    package let artifacts: Artifacts
    /// The threads that decode and encode.
    package let blocking: BlockingPool

    /// Creates a runner of media work.
    package init(artifacts: Artifacts, blocking: BlockingPool) {
        self.artifacts = artifacts
        self.blocking = blocking
    }

    /// Resolves an input artifact to a local path; an object of S3 is downloaded.
    ///
    /// - Parameters:
    ///   - uri: the artifact URI from the call's parameters.
    ///   - pointer: the JSON pointer of `uri` in the parameters.
    /// - Returns: the path of a regular file.
    /// - Throws: `not_found`; `invalid_params` for an invalid URI or anything but a regular file; `unauthorized` outside the allowed
    ///   places.
    package func input(_ uri: String, at pointer: String) async throws(ServiceError) -> String {
        let file = try artifacts.input(uri, at: pointer)
        do throws(ServiceError) {
            return try await artifacts.localPath(file)
        } catch {
            guard error.kind == .invalidParams else { throw error }
            throw ServiceError(.invalidParams, "\(pointer): \(error.message)", detail: pointer)
        }
    }

    /// Checks an output artifact before any work is done for it.
    ///
    /// - Parameters:
    ///   - uri: the artifact URI from the call's parameters.
    ///   - pointer: the JSON pointer of `uri` in the parameters.
    /// - Throws: `invalid_params`; `unauthorized` outside the allowed places; `conflict` if the path exists and is not a regular file.
    package func target(_ uri: String, at pointer: String) throws(ServiceError) -> ArtifactURI {
        try artifacts.target(uri, at: pointer)
    }

    /// Resolves an optional input artifact.
    ///
    /// - Returns: the path, or `nil` if the artifact does not exist.
    /// - Throws: the errors of `input(_:at:)` except `not_found`.
    package func inputIfPresent(_ uri: String, at pointer: String) async throws(ServiceError) -> String? {
        do {
            return try await input(uri, at: pointer)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    /// Writes one artifact on a thread of the blocking pool. The artifact appears only when `body` has returned.
    ///
    /// - Parameters:
    ///   - output: the artifact, replaced if it exists.
    ///   - source: the URI of the file whose packets are copied. Errors about packets that the output cannot hold name it.
    ///   - call: receives progress reports while the artifact is stored.
    ///   - body: writes the file at `path`; polls `isCancelled` and throws when it is `true`.
    /// - Returns: the result of `body`, and the artifact's size in bytes.
    /// - Throws: what `body` throws; the errors of `Artifacts.output(_:_:)`.
    package func make<Report: Sendable>(
        _ output: ArtifactURI, copying source: String? = nil, reporting call: Call? = nil,
        _ body: @escaping @Sendable (_ path: String, _ isCancelled: @escaping @Sendable () -> Bool) throws -> Report
    ) async throws -> (Report, Int) {
        var reports: Task<Void, Never>?
        defer { reports?.cancel() }
        let report = try await artifacts.output(output) { path in
            let report = try await blocking.run { isCancelled in
                do {
                    return try body(path, isCancelled)
                } catch let error as MediaError {
                    throw Self.attributed(error, to: source, path)
                }
            }
            reports = call?.startProgressReports(0.99, "storing \(output.name)")
            return report
        }
        return (report, try await artifacts.info(output)?.size ?? 0)
    }

    /// The error with the source in place of the output file, which is not at fault if it cannot hold the source's packets.
    private static func attributed(_ error: MediaError, to source: String?, _ path: String) -> MediaError {
        guard let source, error.kind == .corruptMedia, let name = path.split(separator: "/").last,
            let place = error.message.firstRange(of: name)
        else { return error }
        return MediaError(
            .corruptMedia,
            "\(source) has packets or timestamps that an MP4 cannot hold\(error.message[place.upperBound...])")
    }
}

extension VideoFormat {
    /// Creates the format that a request asks for, with `FilmDefaults` for absent values.
    ///
    /// - Parameters:
    ///   - width: in pixels, even.
    ///   - height: in pixels, even.
    ///   - fps: frames per second, one of `FilmBounds.fps`.
    /// - Throws: `invalid_params` at `/width` or `/fps`.
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
