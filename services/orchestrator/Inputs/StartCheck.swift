import Contracts
import Faults
import JSON

/// Looks at what a job is to be started with before anything is stored of it.
enum StartCheck {
    /// Bytes that the parameters may have: the storyboard's bound and as much again for all else.
    static let maximumBytes = 2 * Storyboard.maximumBytes
    private static let maximumText = 256

    /// - Parameter size: bytes of the parameters as they came.
    /// - Throws: `invalid_params` that names the JSON pointer, `too_large`.
    static func check(_ request: StartJob, size: Int) throws(ServiceError) {
        guard size <= maximumBytes else {
            throw ServiceError(
                .tooLarge,
                "/pipeline_data: the parameters have \(size) bytes, at most \(maximumBytes) are taken: put "
                    + "files into the store")
        }
        _ = try Places(userID: request.userID, sessionID: request.sessionID)
        try text(request.supersessionID, at: "/supersession_id")
        try text(request.idempotencyKey, at: "/idempotency_key")
        guard let data = request.pipelineData, data != .null else { return }
        guard data.object != nil else { throw .invalidParams(at: "/pipeline_data", expected: "an object") }
        if let storyboard = data["storyboard"], storyboard != .null {
            _ = try Storyboard(storyboard, name: "/pipeline_data/storyboard")
        }
        _ = try Narrations.passed(data["audio"])
    }

    private static func text(_ text: String?, at pointer: String) throws(ServiceError) {
        guard let text else { return }
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, (1...maximumText).contains(text.utf8.count) else {
            throw .invalidParams(at: pointer, expected: "1 to \(maximumText) bytes without control characters")
        }
    }
}
