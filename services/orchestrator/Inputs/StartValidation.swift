// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import JSONRPC
import Parameters

/// Validates the parameters of a new job before anything is stored.
enum StartValidation {
    /// The maximum size of the parameters in bytes: the bound of a storyboard, and as much again for everything else.
    static let maximumBytes = StoryboardBounds.request

    /// Validates a request.
    ///
    /// - Parameter size: the size of the encoded parameters in bytes.
    /// - Throws: `invalid_params` with the JSON pointer; `too_large`.
    static func check(_ request: StartJob, size: Int) throws(ServiceError) {
        guard size <= maximumBytes else {
            throw ServiceError(
                .tooLarge,
                "/pipeline_data: the parameters have \(size) bytes, expected at most \(maximumBytes): put "
                    + "files into the artifact store")
        }
        try request.validate()
        guard let data = request.pipelineData, data != .null else { return }
        guard data.object != nil else { throw .invalidParams(at: "/pipeline_data", expected: "an object") }
        if let storyboard = data["storyboard"], storyboard != .null {
            _ = try Storyboard(storyboard, name: "/pipeline_data/storyboard")
        }
        _ = try NarrationAssigner.passed(data["audio"])
    }
}
