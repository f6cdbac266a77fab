// SPDX-License-Identifier: Apache-2.0

import Contracts
import Untrusted

/// A status message as a line of text.
enum StatusLine {
    /// `15:06:00.103 Agent6 processing 1/3: drew the still of seg_1`
    static func text(_ message: StatusMessage) -> String {
        let time = TimeFormat.timeOfDay(message.ts)
        let progress = message.progress.map { " \($0.done)/\($0.total)" } ?? ""
        let agent = message.agentNumber.name
        return "\(time) \(agent) \(message.status.rawValue)\(progress): \(message.message.printable())"
    }
}
