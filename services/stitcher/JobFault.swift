import Faults

/// A MediaConvert job that ended without its film.
struct JobFault: ServiceErrorConvertible {
    /// The job's, where there is one.
    var id: String?
    var serviceError: ServiceError
    var cause = Cause.other

    enum Cause: Sendable {
        /// The job is complete and what it wrote is not there, or not the film.
        case film
        /// MediaConvert could not use its role, or could not reach the bucket with it.
        case role
        case other
    }
}
