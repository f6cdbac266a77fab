import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import ImageHeaders
import JSONRPC
import Logging
import Providers

/// One picture of a provider beyond this machine: asked for once, and once more where that may help; each time is logged.
struct Attempts: Sendable {
    /// What one attempt brought.
    struct Picture: Sendable {
        var bytes: [UInt8]
        var header: ImageHeader
        /// The provider's id of the request.
        var requestID: String?
        var cost: USD
        var warnings: [String] = []
    }

    let provider: String
    let model: String
    let logger: Logger

    /// - Parameters:
    ///   - path: where the picture is written to.
    ///   - ask: makes one attempt.
    /// - Throws: `ServiceError`, of the second attempt where there were two; `CancellationError`.
    func draw(to path: String, ask: () async throws -> Picture) async throws -> DrawnImage {
        var warnings: [String] = []
        var attempt = 1
        while true {
            let started = ContinuousClock.now
            do {
                let picture = try await ask()
                note(attempt, started, bytes: picture.bytes.count, requestID: picture.requestID, outcome: "drawn")
                try write(picture.bytes, to: path)
                return DrawnImage(
                    width: picture.header.width, height: picture.header.height,
                    mediaType: PictureCheck.mediaType(picture.header.format), model: model, cost: picture.cost,
                    attempts: attempt, warnings: warnings + picture.warnings)
            } catch let error as ServiceError {
                note(
                    attempt, started, bytes: 0, requestID: error.requestID,
                    outcome: error.providerCode ?? error.kind.rawValue)
                guard attempt == 1, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw error
                }
                if error.kind == .corruptMedia || error.kind == .timeout {
                    warnings.append("\(error.message); that answer may have been billed too")
                }
                try await Task.sleep(for: .seconds(pause))
                attempt += 1
            }
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ServiceError) {
        let isWritten = bytes.withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return false }
            let data = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: raw.count, deallocator: .none)
            return (try? data.write(to: URL(filePath: path))) != nil
        }
        if !isWritten { throw FileFailure.error(errno, "cannot write \(path)") }
    }

    private func note(
        _ attempt: Int, _ started: ContinuousClock.Instant, bytes: Int, requestID: String?, outcome: String
    ) {
        let seconds = ((ContinuousClock.now - started) / .milliseconds(1)).rounded() / 1000
        logger.info(
            "asked for a picture",
            metadata: [
                "provider": "\(provider)", "model": "\(model)", "attempt": "\(attempt)", "bytes": "\(bytes)",
                "seconds": "\(seconds)", "request_id": "\(requestID ?? "-")", "outcome": "\(outcome)",
            ])
    }
}
