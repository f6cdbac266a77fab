import Contracts

/// What is shown of a job at its end besides its view.
struct JobResult: Sendable {
    var receipt: Receipt
    /// What each segment's picture shows, in the film's order; `nil` if that is too much for a line of the wire.
    var guidance: [String]?
}

extension JobResult {
    init(_ machine: JobMachine) { self.init(receipt: machine.receipt, guidance: machine.guidance) }
}
