import JSONRPC

/// A MediaConvert job that ended without its film.
struct JobFault: ServiceErrorConvertible {
    /// The job's.
    var id: String
    var serviceError: ServiceError
    /// Whether the job is complete and what it wrote is not there, or not the film.
    var isAboutFilm = false
}
