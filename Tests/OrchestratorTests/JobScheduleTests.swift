// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct JobScheduleTests {
    private func schedule(_ limit: Int, _ tickets: [JobSchedule.Ticket]) -> JobSchedule {
        var schedule = JobSchedule(limit: limit)
        for ticket in tickets { schedule.add(ticket) }
        return schedule
    }

    private func ticket(_ job: String, _ user: String, session: String? = nil, priority: Int = 0) -> JobSchedule.Ticket
    {
        JobSchedule.Ticket(job: job, user: user, session: session ?? job, priority: priority)
    }

    /// Runs the jobs one after the other.
    ///
    /// - Returns: the jobs in the order in which they ran.
    private func order(_ schedule: JobSchedule, users: [String: String]) -> [String] {
        var (schedule, order) = (schedule, [String]())
        while let job = schedule.next() {
            order.append(job)
            schedule.remove(job, of: users[job] ?? "")
        }
        return order
    }

    @Test
    func `users take turns regardless of their number of jobs`() {
        let tickets = ["a1", "a2", "a3", "a4", "b1", "c1", "b2"].map { ticket($0, String($0.prefix(1))) }
        let users = Dictionary(uniqueKeysWithValues: tickets.map { ($0.job, $0.user) })
        var two = schedule(2, tickets)
        #expect(two.next() == "a1")
        #expect(two.next() == "b1")
        #expect(two.next() == nil, "two jobs are running")
        two.remove("a1", of: "a")
        #expect(two.next() == "c1")
        #expect(order(schedule(1, tickets.reversed().reversed()), users: users).count == 7)
    }

    @Test
    func `jobs run by priority, jobs of equal priority in the order of arrival`() {
        let tickets = [
            ticket("low", "a", priority: -100), ticket("one", "a"), ticket("two", "a"),
            ticket("high", "a", priority: 100), ticket("other", "b", priority: 1),
        ]
        let users = Dictionary(uniqueKeysWithValues: tickets.map { ($0.job, $0.user) })
        #expect(order(schedule(1, tickets), users: users) == ["high", "other", "one", "two", "low"])
    }

    @Test
    func `the second job of a session waits without blocking other sessions`() {
        var all = schedule(16, [ticket("1", "a", session: "s"), ticket("2", "a", session: "s"), ticket("3", "a")])
        #expect(all.next() == "1")
        #expect(all.next() == "3")
        #expect(all.next() == nil)
        #expect(all.occupant(of: "s", user: "a") == "1")
        #expect(all.occupant(of: "s", user: "b") == nil)
        all.remove("1", of: "a")
        #expect(all.occupant(of: "s", user: "a") == "2")
        #expect(all.next() == "2")
    }

    @Test
    func `a cancelled job leaves the queue, and a job that ran before a restart keeps its folder`() {
        var all = schedule(1, [ticket("1", "a"), ticket("2", "b", session: "s", priority: 9)])
        all.resume(ticket("0", "b", session: "s"))
        #expect(all.next() == nil)
        all.remove("1", of: "a")
        all.remove("0", of: "b")
        #expect(all.next() == "2")
        all.remove("2", of: "b")
        #expect(all.next() == nil)
    }

    @Test
    func `random arrivals start each job once, one per session, within the limit`() {
        var generator = SeededGenerator(for: "JobScheduleTests")
        for _ in 0..<50 {
            var schedule = JobSchedule(limit: 3)
            var (running, started): ([JobSchedule.Ticket], Set<String>) = ([], [])
            var tickets: [JobSchedule.Ticket] = []
            for number in 0..<40 {
                let user = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
                let session = ["s", "t"].randomElement(using: &generator) ?? "s"
                tickets.append(
                    ticket("\(number)", user, session: session, priority: Int.random(in: -1...1, using: &generator)))
            }
            var arrivals = tickets
            for _ in 0..<10_000 where started.count < tickets.count {
                if !arrivals.isEmpty, Bool.random(using: &generator) { schedule.add(arrivals.removeFirst()) }
                while let job = schedule.next() {
                    #expect(started.insert(job).inserted)
                    running.append(contentsOf: tickets.filter { $0.job == job })
                }
                #expect(running.count <= 3)
                #expect(Set(running.map(\.folder)).count == running.count)
                guard let done = running.indices.randomElement(using: &generator) else { continue }
                let ended = running.remove(at: done)
                schedule.remove(ended.job, of: ended.user)
            }
            #expect(started.count == tickets.count)
        }
    }
}
