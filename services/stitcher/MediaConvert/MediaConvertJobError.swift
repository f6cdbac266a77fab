// SPDX-License-Identifier: Apache-2.0

import Faults

/// A MediaConvert job that did not produce its film.
struct MediaConvertJobError: ServiceErrorConvertible {
    /// The job's id; absent if none was created.
    var id: String?
    /// The error that the caller receives.
    var serviceError: ServiceError
    /// What the stitcher reacts to.
    var cause = Cause.other

    enum Cause: Sendable {
        /// The job is complete, but its output is missing or is not the film.
        case film
        /// MediaConvert could not assume its role, or could not access the bucket with it.
        case role
        /// Anything else.
        case other
    }
}
