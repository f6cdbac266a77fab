// SPDX-License-Identifier: Apache-2.0

import JSON

/// A fault that the drill injects, and its expected result.
struct DrillFault: Sendable {
    /// The number of the fault, from 1.
    var number: Int
    var name: String
    var injection: Injection
    /// Options of the job, besides those of every fault.
    var options: [String: JSONValue] = [:]
    var expectation: DrillExpectation

    /// How the fault is injected.
    enum Injection: Sendable {
        /// The lead runs scripts: one for each call; the last one repeats.
        case script([[JSONValue]])
        /// The process of the lead is killed, and its socket remains.
        case leadDown
        /// The lead runs scripts, and all stills fail.
        case imagesFail([[JSONValue]])
        /// The process of the lead is killed for ten jobs, and restarted then.
        case flapping
    }
}
