import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import NIOHTTP1
import Parameters
import ServicePool

/// Jobs: the list, one of them, and what can be done to it. All of it is the orchestrator's to say.
struct JobRoutes: Sendable {
    /// Jobs that a search looks through at the most.
    private static let searched = 20_000

    let pools: ServicePools
    let storyboards: GivenStoryboard

    /// `/api/jobs...`; `nil` for an address that is none of these.
    func get(_ path: [String], _ request: WebRequest) async throws -> WebResponse? {
        switch path.count {
        case 0: return try .json(try await list(request.query))
        case 1: return try .json(try await pools.call(OrchestratorAPI.status, JobStatus(jobID: path[0])))
        case 2 where path[1] == "receipt":
            return try .json(try await pools.call(OrchestratorAPI.receipt, JobReference(jobID: path[0])))
        default: return nil
        }
    }

    func post(_ path: [String], _ request: WebRequest) async throws -> WebResponse? {
        switch (path.count, path.last) {
        case (0, _):
            return try .json(try await begin(OrchestratorAPI.start, request, isKept: true), status: .created)
        case (2, "cancel"):
            return try .json(try await relay(OrchestratorAPI.cancel, ["job_id": .string(path[0])]))
        case (2, "retry"):
            return try .json(try await relay(OrchestratorAPI.retry, .object(try members(request, job: path[0]))))
        case (2, "upgrade"):
            return try .json(try await relay(OrchestratorAPI.upgrade, .object(try members(request, job: path[0]))))
        default: return nil
        }
    }

    /// What the understudy's film would cost.
    func estimate(_ request: WebRequest) async throws -> WebResponse {
        try .json(try await begin(OrchestratorAPI.estimate, request, isKept: false))
    }

    private struct Retried: Encodable {
        struct Failure: Encodable {
            var job: String
            var error: ServiceError

            private enum CodingKeys: String, CodingKey {
                case error
                case job = "job_id"
            }
        }

        var retried: [String] = []
        var failed: [Failure] = []
    }

    /// Every job that failed runs again.
    func retryFailed() async throws -> WebResponse {
        var retried = Retried()
        var after: String?
        repeat {
            let page = try await pools.call(
                OrchestratorAPI.list, ListJobs(state: .error, limit: 1000, after: after))
            for job in page.jobs {
                do {
                    _ = try await pools.call(OrchestratorAPI.retry, RetryJob(jobID: job.jobID))
                    retried.retried.append(job.jobID)
                } catch {
                    retried.failed.append(Retried.Failure(job: job.jobID, error: ServiceError(wrapping: error)))
                }
            }
            after = page.next
        } while after != nil
        return try .json(retried)
    }

    // MARK: -

    /// `?state=&q=&limit=&after=`
    private func list(_ query: [String: String]) async throws -> JobList {
        let limit = try query["limit"].map { text -> Int in
            guard let limit = Int(text), JobBounds.page.contains(limit) else {
                throw ServiceError.invalidParams(at: "/limit", expected: JobBounds.page.expected)
            }
            return limit
        }
        let state = try query["state"].flatMap { $0.isEmpty ? nil : $0 }.map { text -> JobState in
            guard let state = JobState(rawValue: text) else {
                let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
                throw ServiceError.invalidParams(at: "/state", expected: "one of \(known)")
            }
            return state
        }
        let after = query["after"].flatMap { $0.isEmpty ? nil : $0 }
        guard let words = query["q"]?.lowercased(), !words.isEmpty else {
            return try await pools.call(
                OrchestratorAPI.list, ListJobs(state: state, limit: limit, after: after))
        }
        var found = JobList(jobs: [], next: after)
        var looked = 0
        repeat {
            let page = try await pools.call(
                OrchestratorAPI.list, ListJobs(state: state, limit: 500, after: found.next))
            found.next = page.next
            for job in page.jobs where Self.matches(job, words) {
                found.jobs.append(job)
                if found.jobs.count == limit ?? JobDefaults.page {
                    found.next = job.jobID
                    return found
                }
            }
            looked += page.jobs.count
        } while found.next != nil && looked < Self.searched
        return found
    }

    private static func matches(_ job: JobView, _ words: String) -> Bool {
        [job.jobID, job.userID, job.sessionID].contains { $0.lowercased().contains(words) }
    }

    /// A call with the parameters of a start.
    private func begin<R>(
        _ method: Method<StartJob, R>, _ request: WebRequest, isKept: Bool
    ) async throws -> JSONValue {
        let size = if case .bytes(let body) = request.body { body.count } else { 0 }
        return try await storyboards.with(try start(request), size: size, isKept: isKept) { params in
            try await relay(method, params)
        }
    }

    /// The parameters of a start; who the page's user is, where it does not say so.
    private func start(_ request: WebRequest) throws(ServiceError) -> [String: JSONValue] {
        var members = try object(request)
        // A browser may be anywhere: what it names is not for it to choose among this machine's files.
        members["confined"] = true
        if members["user_id"] == nil { members["user_id"] = "web" }
        if members["session_id"] == nil {
            // trusted: the wall clock
            let moment = Int(Date().timeIntervalSince1970)
            members["session_id"] = .string("web-\(moment)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))")
        }
        return members
    }

    private func members(_ request: WebRequest, job: String) throws(ServiceError) -> [String: JSONValue] {
        var members = try object(request)
        members["job_id"] = .string(job)
        return members
    }

    /// The body as an object; nothing is an empty one.
    private func object(_ request: WebRequest) throws(ServiceError) -> [String: JSONValue] {
        guard case .bytes(let body) = request.body else { return [:] }
        guard let members = (try? JSONCoding.decode(JSONValue.self, from: body))?.object else {
            throw ServiceError(.invalidParams, "the body: expected a JSON object")
        }
        return members
    }

    /// Passes parameters on as they are, so that the orchestrator judges all of them.
    private func relay<P, R>(_ method: Method<P, R>, _ params: JSONValue) async throws -> JSONValue {
        try await pools.call(method.relayed, params)
    }
}
