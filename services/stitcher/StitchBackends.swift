import Contracts
import Faults
import JSONRPC
import Logging

/// Who joins a film: as the request says, else as the service is told.
struct StitchBackends: Sendable {
    let local: FilmStitcher
    let cloud: CloudStitcher
    let settings: CloudSettings
    let logger: Logger

    func stitch(_ request: Stitch, _ call: Call) async throws -> Stitched {
        switch request.backend ?? settings.backend {
        case .local: try await local.stitch(request, call)
        case .mediaconvert: try await cloud.stitch(request, call, queueSeconds: nil, mayReturn: true)
        case .auto: try await automatically(request, call)
        }
    }

    /// MediaConvert first, this machine where that fails.
    private func automatically(_ request: Stitch, _ call: Call) async throws -> Stitched {
        let reason: String
        let job: String?
        do {
            return try await cloud.stitch(
                request, call, queueSeconds: settings.queueSeconds, mayReturn: false)
        } catch {
            let fault = ServiceError(wrapping: error)
            // Nobody waits for the film any more.
            if fault.kind == .cancelled || Task.isCancelled { throw error }
            reason = fault.message
            job = (error as? JobFault)?.id
        }
        logger.warning("joining \(request.output) on this machine: \(reason)")
        var result = try await local.stitch(request, call)
        result.jobID = job
        result.warnings = ["joined on this machine, not by MediaConvert: \(reason)"] + (result.warnings ?? [])
        return result
    }
}
