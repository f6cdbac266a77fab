// SPDX-License-Identifier: Apache-2.0

import Contracts

/// What is stored of an ended job besides its view.
struct JobResult: Sendable {
    var receipt: Receipt
    /// The visual guidance of each segment, in the film's order; `nil` if it is too large (`JobMachine.guidance`).
    var guidance: [String]?
}

extension JobResult {
    init(_ machine: JobMachine) { self.init(receipt: machine.receipt, guidance: machine.guidance) }
}
