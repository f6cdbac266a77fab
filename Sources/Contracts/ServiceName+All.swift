// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The services of this project.
extension ServiceName {
    /// Runs jobs.
    package static let orchestrator = ServiceName(rawValue: "orchestrator")
    /// Generates stills.
    package static let imagegen = ServiceName(rawValue: "imagegen")
    /// Encodes clips, adds narrations and probes media.
    package static let clipper = ServiceName(rawValue: "clipper")
    /// Joins clips to films.
    package static let stitcher = ServiceName(rawValue: "stitcher")
    /// Stores events of the pipeline.
    package static let logger = ServiceName(rawValue: "logger")
    /// The lead.
    package static let agent5 = ServiceName(rawValue: "agent5")
    /// Serves the page.
    package static let dashboard = ServiceName(rawValue: "dashboard")
}
