// SPDX-License-Identifier: Apache-2.0

/// Decides which jobs run and which wait for their turn. Pure.
///
/// At most one job of a session runs, because a session's jobs share a folder, and at most `limit` jobs run in total. Among the jobs that
/// may run, the highest priority goes first; for equal priorities the users take turns (round-robin), and each user's jobs run in the
/// order of their arrival.
struct JobSchedule: Sendable {
    /// What the schedule knows of a job: ids and its priority.
    struct Ticket: Sendable, Equatable {
        var job: String
        var user: String
        var session: String
        /// Higher values go first.
        var priority = 0

        /// The session's folder, which the job writes.
        var folder: String { "\(user)/\(session)" }
    }

    /// The maximum number of running jobs.
    let limit: Int
    private var running: [String: Ticket] = [:]
    /// The running job of each folder.
    private var runningByFolder: [String: String] = [:]
    /// The waiting jobs of each user, highest priority first.
    private var queues: [String: [Ticket]] = [:]
    /// The turn in which a job of each user was last started.
    private var turns: [String: Int] = [:]
    private var turn = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a job to its user's queue.
    mutating func add(_ ticket: Ticket) {
        let queue = queues[ticket.user, default: []]
        let position = queue.firstIndex { $0.priority < ticket.priority } ?? queue.endIndex
        queues[ticket.user, default: []].insert(ticket, at: position)
    }

    /// Marks a job as running at once. Used for jobs that were running before a restart.
    mutating func resume(_ ticket: Ticket) {
        running[ticket.job] = ticket
        runningByFolder[ticket.folder] = ticket.job
    }

    /// Starts the next job.
    ///
    /// - Returns: its id; `nil` if no job may run now.
    mutating func next() -> String? {
        guard running.count < limit else { return nil }
        var best: Ticket?
        for queue in queues.values {
            guard let first = queue.first(where: { runningByFolder[$0.folder] == nil }) else { continue }
            if best.map({ isBefore(first, $0) }) ?? true { best = first }
        }
        guard let ticket = best else { return nil }
        dequeue(ticket.job, of: ticket.user)
        turn += 1
        turns[ticket.user] = turn
        resume(ticket)
        return ticket.job
    }

    /// Removes a job that ended, whether it ran or not.
    mutating func remove(_ job: String, of user: String) {
        if let ticket = running.removeValue(forKey: job) {
            if runningByFolder[ticket.folder] == job { runningByFolder[ticket.folder] = nil }
        } else {
            dequeue(job, of: user)
        }
        if queues[user] == nil, !running.values.contains(where: { $0.user == user }) { turns[user] = nil }
    }

    /// The job that writes a session's folder, or waits for it; `nil` for none.
    func occupant(of session: String, user: String) -> String? {
        runningByFolder["\(user)/\(session)"] ?? queues[user]?.first { $0.session == session }?.job
    }

    private func isBefore(_ ticket: Ticket, _ other: Ticket) -> Bool {
        if ticket.priority != other.priority { return ticket.priority > other.priority }
        let (own, others) = (turns[ticket.user] ?? 0, turns[other.user] ?? 0)
        return own != others ? own < others : ticket.user < other.user
    }

    private mutating func dequeue(_ job: String, of user: String) {
        queues[user]?.removeAll { $0.job == job }
        if queues[user]?.isEmpty == true { queues[user] = nil }
    }
}
