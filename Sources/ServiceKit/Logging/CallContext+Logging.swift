// SPDX-License-Identifier: Apache-2.0

package import Calls
package import Logging

extension CallContext {
    /// Adds `job` and `trace` of the current context to log lines.
    package static let metadataProvider = Logger.MetadataProvider {
        let context = current
        var metadata: Logger.Metadata = [:]
        if let job = context.jobID { metadata["job"] = "\(job)" }
        if let trace = context.trace { metadata["trace"] = "\(trace.traceID)" }
        return metadata
    }
}
