// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import NIOHTTP1
import Parameters
import ServicePool

/// The list of jobs, single jobs, and the methods that start and change them. The orchestrator validates all parameters.
struct JobRoutes: Sendable {
    /// Jobs that one search reads at most.
    private static let searchLimit = 20_000
    /// Jobs that a search reads at once.
    private static let searchPage = 500

    let pools: ServicePools
    let storyboards: OversizedStoryboard

    // MARK: - Reading

    /// `GET /api/jobs?state=&q=&limit=&after=`
    func list(_ request: WebRequest) async throws -> WebResponse { try .json(try await list(request.query)) }

    /// `GET /api/jobs/{job}`
    func status(_ request: WebRequest, job: String) async throws -> WebResponse {
        try .json(try await pools.call(OrchestratorAPI.status, JobStatus(jobID: job)))
    }

    /// `GET /api/jobs/{job}/receipt`
    func receipt(_ request: WebRequest, job: String) async throws -> WebResponse {
        try .json(try await pools.call(OrchestratorAPI.receipt, JobReference(jobID: job)))
    }

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
        guard let text = query["q"]?.lowercased(), !text.isEmpty else {
            return try await pools.call(
                OrchestratorAPI.list, ListJobs(state: state, limit: limit, after: after))
        }
        return try await search(for: text, state: state, limit: limit ?? JobDefaults.page, after: after)
    }

    /// Searches the newest jobs for a text in the ID, the user or the session.
    private func search(for text: String, state: JobState?, limit: Int, after: String?) async throws -> JobList {
        var found = JobList(jobs: [], next: after)
        var readCount = 0
        repeat {
            let page = try await pools.call(
                OrchestratorAPI.list, ListJobs(state: state, limit: Self.searchPage, after: found.next))
            found.next = page.next
            for job in page.jobs where Self.matches(job, text) {
                found.jobs.append(job)
                if found.jobs.count == limit {
                    found.next = job.jobID
                    return found
                }
            }
            readCount += page.jobs.count
        } while found.next != nil && readCount < Self.searchLimit
        return found
    }

    private static func matches(_ job: JobView, _ text: String) -> Bool {
        [job.jobID, job.userID, job.sessionID].contains { $0.lowercased().contains(text) }
    }

    // MARK: - Starting

    /// `POST /api/jobs`
    func start(_ request: WebRequest) async throws -> WebResponse {
        try .json(try await start(OrchestratorAPI.start, request, retainsStoryboard: true), status: .created)
    }

    /// `POST /api/estimate`: what a film by the understudy would cost.
    func estimate(_ request: WebRequest) async throws -> WebResponse {
        try .json(try await start(OrchestratorAPI.estimate, request, retainsStoryboard: false))
    }

    /// Calls a method that takes the parameters of a start.
    private func start<R>(
        _ method: Method<StartJob, R>, _ request: WebRequest, retainsStoryboard: Bool
    ) async throws -> JSONValue {
        let size = if case .bytes(let body) = request.body { body.count } else { 0 }
        return try await storyboards.with(
            try startParameters(request), size: size, retains: retainsStoryboard
        ) { params in try await relay(method, params) }
    }

    /// The parameters of a start, with a user and a session if the body names none.
    private func startParameters(_ request: WebRequest) throws(ServiceError) -> [String: JSONValue] {
        var members = try object(request)
        // The client may be on another machine: the files that it names must not be arbitrary files of this one.
        members["confined"] = true
        if members["user_id"] == nil { members["user_id"] = "web" }
        if members["session_id"] == nil {
            let seconds = Timestamp.now.milliseconds / 1000
            members["session_id"] = .string("web-\(seconds)-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))")
        }
        return members
    }

    // MARK: - Changing

    /// `POST /api/jobs/{job}/cancel`
    func cancel(_ request: WebRequest, job: String) async throws -> WebResponse {
        try .json(try await relay(OrchestratorAPI.cancel, ["job_id": .string(job)]))
    }

    /// `POST /api/jobs/{job}/retry`
    func retry(_ request: WebRequest, job: String) async throws -> WebResponse {
        try .json(try await relay(OrchestratorAPI.retry, .object(try parameters(request, job: job))))
    }

    /// `POST /api/jobs/{job}/upgrade`
    func upgrade(_ request: WebRequest, job: String) async throws -> WebResponse {
        try .json(try await relay(OrchestratorAPI.upgrade, .object(try parameters(request, job: job))))
    }

    private struct RetriedJobs: Encodable {
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

    /// `POST /api/retry-failed`: retries every job that failed.
    func retryFailed(_ request: WebRequest) async throws -> WebResponse {
        var result = RetriedJobs()
        var after: String?
        repeat {
            let page = try await pools.call(
                OrchestratorAPI.list, ListJobs(state: .error, limit: 1000, after: after))
            for job in page.jobs {
                do {
                    _ = try await pools.call(OrchestratorAPI.retry, RetryJob(jobID: job.jobID))
                    result.retried.append(job.jobID)
                } catch {
                    result.failed.append(RetriedJobs.Failure(job: job.jobID, error: ServiceError(wrapping: error)))
                }
            }
            after = page.next
        } while after != nil
        return try .json(result)
    }

    // MARK: - Bodies

    private func parameters(_ request: WebRequest, job: String) throws(ServiceError) -> [String: JSONValue] {
        var members = try object(request)
        members["job_id"] = .string(job)
        return members
    }

    /// The members of the body; none if there is no body.
    private func object(_ request: WebRequest) throws(ServiceError) -> [String: JSONValue] {
        guard case .bytes(let body) = request.body else { return [:] }
        guard let members = (try? JSONCoding.decode(JSONValue.self, from: body))?.object else {
            throw ServiceError(.invalidParams, "the body: expected a JSON object")
        }
        return members
    }

    /// Passes parameters on unchanged, so that the orchestrator validates all of them.
    private func relay<P, R>(_ method: Method<P, R>, _ params: JSONValue) async throws -> JSONValue {
        try await pools.call(method.relayed, params)
    }
}
