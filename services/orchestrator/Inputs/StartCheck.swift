import Contracts
import Faults
import JSON
import JSONRPC
import Parameters

/// Looks at what a job is to be started with before anything is stored of it.
enum StartCheck {
    /// Bytes that the parameters may have: the storyboard's bound and as much again for all else.
    static let maximumBytes = StoryboardBounds.request

    /// - Parameter size: bytes of the parameters as they came.
    /// - Throws: `invalid_params` that names the JSON pointer, `too_large`.
    static func check(_ request: StartJob, size: Int) throws(ServiceError) {
        guard size <= maximumBytes else {
            throw ServiceError(
                .tooLarge,
                "/pipeline_data: the parameters have \(size) bytes, at most \(maximumBytes) are taken: put "
                    + "files into the store")
        }
        try request.check()
        guard let data = request.pipelineData, data != .null else { return }
        guard data.object != nil else { throw .invalidParams(at: "/pipeline_data", expected: "an object") }
        if let storyboard = data["storyboard"], storyboard != .null {
            _ = try Storyboard(storyboard, name: "/pipeline_data/storyboard")
        }
        _ = try Narrations.passed(data["audio"])
    }
}
