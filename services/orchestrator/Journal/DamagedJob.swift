import Faults
import FoundationEssentials
import JSON

/// A job of which the store holds something that cannot be read: a damaged row, or an event of a later version.
struct DamagedJob: ServiceErrorConvertible {
    let id: String
    let reason: String

    var serviceError: ServiceError {
        ServiceError(.unavailable, "the job \(id) cannot be read in the job store: \(reason)", retryable: false)
    }

    /// Decodes a column of a job.
    ///
    /// - Throws: `DamagedJob`.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from data: Data, of id: String
    ) throws(DamagedJob) -> Value {
        do {
            return try JSONCoding.decode(type, from: data)
        } catch {
            let reason = (error as? DecodingError).map { ServiceError.invalidParams(from: $0).message } ?? "\(error)"
            throw DamagedJob(id: id, reason: reason)
        }
    }
}
