package import Calls
package import Logging

extension CallContext {
    /// `job` and `trace` of the call that is being answered, for each line that is logged meanwhile.
    package static let metadataProvider = Logger.MetadataProvider {
        let context = current
        var metadata: Logger.Metadata = [:]
        if let job = context.jobID { metadata["job"] = "\(job)" }
        if let trace = context.trace { metadata["trace"] = "\(trace.traceID)" }
        return metadata
    }
}
