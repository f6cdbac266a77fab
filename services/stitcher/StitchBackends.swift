// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import Logging

/// Dispatches a film to the backend of its request, or to the service's default backend.
struct StitchBackends: Sendable {
    let local: LocalStitcher
    let mediaConvert: MediaConvertStitcher
    let settings: MediaConvertSettings
    let logger: Logger

    /// Stitches a film.
    ///
    /// - Throws: the errors of the chosen backend; with `auto` those of the local one.
    func stitch(_ request: StitchFilm, _ call: Call) async throws -> StitchedFilm {
        switch request.backend ?? settings.backend {
        case .local: try await local.stitch(request, call)
        case .mediaconvert: try await mediaConvert.stitch(request, call, queueSeconds: nil, callerMayRetry: true)
        case .auto: try await stitchWithFallback(request, call)
        }
    }

    /// Tries MediaConvert first and falls back to this machine.
    private func stitchWithFallback(_ request: StitchFilm, _ call: Call) async throws -> StitchedFilm {
        let reason: String
        let job: String?
        do {
            return try await mediaConvert.stitch(
                request, call, queueSeconds: settings.queueSeconds, callerMayRetry: false)
        } catch {
            let fault = ServiceError(wrapping: error)
            // The caller no longer wants the film.
            if fault.kind == .cancelled || Task.isCancelled { throw error }
            reason = fault.message
            job = (error as? MediaConvertJobError)?.id
        }
        logger.warning("stitching \(request.output) on this machine instead of by MediaConvert: \(reason)")
        var result = try await local.stitch(request, call)
        result.jobID = job
        result.warnings = ["joined on this machine, not by MediaConvert: \(reason)"] + (result.warnings ?? [])
        return result
    }
}
