import Contracts
import Faults
import FoundationEssentials
import JSON

/// A job of which the journal holds a row that cannot be read: it is damaged, or a later version wrote it. The row stays as it is, for a
/// version that can read it.
struct DamagedJob: ServiceErrorConvertible {
    /// What cannot be read.
    enum Row: Equatable {
        case specification
        /// The number of an event.
        case event(Int)
    }

    /// The specification, as far as it can be read: at least the job's id; users and sessions that cannot be read are empty.
    let spec: JobSpec
    let createdAt: Timestamp
    let row: Row
    /// Why the row cannot be read.
    let reason: String

    /// - Parameter error: what reading the row threw.
    init(_ spec: JobSpec, createdAt: Timestamp, row: Row, error: any Error) {
        self.spec = spec
        self.createdAt = createdAt
        self.row = row
        reason = (error as? DecodingError).map { ServiceError.invalidParams(from: $0).message } ?? "\(error)"
    }

    /// A job whose specification cannot be read.
    ///
    /// - Parameters:
    ///   - text: the specification as stored.
    ///   - error: what reading it threw.
    init(id: String, specification text: Data, createdAt: Timestamp, error: any Error) {
        let members = try? JSONCoding.decode(JSONValue.self, from: text)
        let spec = JobSpec(
            jobID: id, userID: members?["userID"]?.string ?? "", sessionID: members?["sessionID"]?.string ?? "",
            supersessionID: members?["supersessionID"]?.string, entry: .lead, options: JobOptions())
        self.init(spec, createdAt: createdAt, row: .specification, error: error)
    }

    var serviceError: ServiceError {
        let place =
            switch row {
            case .specification: "its specification (table job)"
            case .event(let number): "event \(number) (table event, n = \(number))"
            }
        return ServiceError(
            .unavailable,
            "the job \(spec.jobID) cannot be read in the job store: \(place): \(reason). The row is unchanged: retry the job "
                + "with an orchestrator of the version that wrote it or a later one, or start a new job",
            retryable: false)
    }

    /// The job as it is shown: at its end, with this error.
    var view: JobView {
        JobView(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
            state: .error, createdAt: createdAt, updatedAt: createdAt, agents: [:], segments: [],
            progress: Progress(done: 0, total: 0), costs: Costs(), videoURL: nil, error: serviceError, warnings: [])
    }

    /// The last message of the job.
    var message: StatusDraft {
        let error = serviceError
        return StatusDraft(
            agent: .lead, status: .error, message: error.message, cost: .zero, costs: Costs(), error: error,
            jobState: .error)
    }
}
