/// Which jobs run, and which wait for their turn. Pure.
///
/// One job at a time has a session's folder, and only so many run in all. Of those that may run the highest priority goes
/// first; among equals the users take turns, and each user's jobs go in the order in which they came.
struct JobSchedule: Sendable {
    struct Ticket: Sendable, Equatable {
        var job: String
        var user: String
        var session: String
        var priority = 0

        /// The folder that the job writes.
        var folder: String { "\(user)/\(session)" }
    }

    /// Jobs that run at a time.
    let limit: Int
    private var running: [String: Ticket] = [:]
    /// The job that has a folder.
    private var holders: [String: String] = [:]
    /// By user; the highest priority first.
    private var lines: [String: [Ticket]] = [:]
    /// When each user was last served.
    private var turns: [String: Int] = [:]
    private var turn = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// The job goes to its place in its user's line.
    mutating func add(_ ticket: Ticket) {
        let line = lines[ticket.user, default: []]
        let place = line.firstIndex { $0.priority < ticket.priority } ?? line.endIndex
        lines[ticket.user, default: []].insert(ticket, at: place)
    }

    /// The job ran before the process began: it goes on, before all that wait.
    mutating func goOn(_ ticket: Ticket) {
        running[ticket.job] = ticket
        holders[ticket.folder] = ticket.job
    }

    /// The next job that runs from now on; `nil` where none may.
    mutating func next() -> String? {
        guard running.count < limit else { return nil }
        var best: Ticket?
        for line in lines.values {
            guard let first = line.first(where: { holders[$0.folder] == nil }) else { continue }
            if best.map({ isBefore(first, $0) }) ?? true { best = first }
        }
        guard let ticket = best else { return nil }
        leaveLine(ticket.job, of: ticket.user)
        turn += 1
        turns[ticket.user] = turn
        goOn(ticket)
        return ticket.job
    }

    /// The job is at its end, whether it ran or not.
    mutating func remove(_ job: String, of user: String) {
        if let ticket = running.removeValue(forKey: job) {
            if holders[ticket.folder] == job { holders[ticket.folder] = nil }
        } else {
            leaveLine(job, of: user)
        }
        if lines[user] == nil, !running.values.contains(where: { $0.user == user }) { turns[user] = nil }
    }

    /// The job that has a session's folder, or waits for it.
    func occupant(of session: String, user: String) -> String? {
        holders["\(user)/\(session)"] ?? lines[user]?.first { $0.session == session }?.job
    }

    private func isBefore(_ ticket: Ticket, _ other: Ticket) -> Bool {
        if ticket.priority != other.priority { return ticket.priority > other.priority }
        let (own, others) = (turns[ticket.user] ?? 0, turns[other.user] ?? 0)
        return own != others ? own < others : ticket.user < other.user
    }

    private mutating func leaveLine(_ job: String, of user: String) {
        lines[user]?.removeAll { $0.job == job }
        if lines[user]?.isEmpty == true { lines[user] = nil }
    }
}
