// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON

/// The error of a job with a journal row that cannot be read, because it is damaged or a later version wrote it. The row is not changed,
/// so that a version that can read it can continue the job.
struct DamagedJob: ServiceErrorConvertible {
    /// The row that cannot be read.
    enum Row: Equatable {
        case specification
        /// An event, by its number.
        case event(Int)
    }

    /// The specification, as far as it can be read: at least the job's id. A user or session that cannot be read is empty.
    let spec: JobSpec
    let createdAt: Timestamp
    let row: Row
    /// Why the row cannot be read.
    let reason: String

    /// A job with a readable specification.
    ///
    /// - Parameter error: the error of reading the row.
    init(_ spec: JobSpec, createdAt: Timestamp, row: Row, error: any Error) {
        self.spec = spec
        self.createdAt = createdAt
        self.row = row
        reason = (error as? DecodingError).map { ServiceError.invalidParams(from: $0).message } ?? "\(error)"
    }

    /// A job whose specification cannot be read.
    ///
    /// - Parameters:
    ///   - text: the stored specification.
    ///   - error: the error of reading it.
    init(id: String, specification text: Data, createdAt: Timestamp, error: any Error) {
        let members = try? JSONCoding.decode(JSONValue.self, from: text)
        let spec = JobSpec(
            jobID: id, userID: members?["userID"]?.string ?? "", sessionID: members?["sessionID"]?.string ?? "",
            supersessionID: members?["supersessionID"]?.string, entry: .lead, options: JobOptions())
        self.init(spec, createdAt: createdAt, row: .specification, error: error)
    }

    var serviceError: ServiceError {
        let location =
            switch row {
            case .specification: "its specification (table job)"
            case .event(let number): "event \(number) (table event, n = \(number))"
            }
        return ServiceError(
            .unavailable,
            "the job \(spec.jobID) cannot be read in the job store: \(location): \(reason). The row is unchanged: retry the job "
                + "with an orchestrator of the version that wrote it or a later one, or start a new job",
            retryable: false)
    }

    /// The job's view: ended with this error.
    var view: JobView {
        JobView(
            jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
            state: .error, createdAt: createdAt, updatedAt: createdAt, agents: [:], segments: [],
            progress: Progress(done: 0, total: 0), costs: Costs(), videoURL: nil, error: serviceError, warnings: [])
    }

    /// The last status message of the job.
    var message: StatusDraft {
        let error = serviceError
        return StatusDraft(
            agent: .lead, status: .error, message: error.message, cost: .zero, costs: Costs(), error: error,
            jobState: .error)
    }
}
