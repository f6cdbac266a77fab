// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import JSON

/// What a job was started with. It never changes, and is stored in the format of `SpecFormat`.
struct JobSpec: Sendable {
    /// Where a job enters the chain.
    enum Entry: Sendable, CaseIterable {
        /// The agents before the lead, if they run as services; then as `lead`.
        case chain
        /// Agent5, and Agent6 if it fails.
        case lead
        /// Agent6 only.
        case fallback
    }

    var jobID: String
    var userID: String
    var sessionID: String
    var supersessionID: String?
    var entry: Entry
    var options: JobOptions
    var pipelineData: JSONValue?
    /// Whether the artifacts that it names must be in the store or in a folder of `UNDERSTUDY_ALLOW_PATHS`; `false` if absent.
    var isConfined: Bool?
    /// The trace of the call that started the job; absent for jobs of versions that did not store it.
    var trace: TraceContext?
}
