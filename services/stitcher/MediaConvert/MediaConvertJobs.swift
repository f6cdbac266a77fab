// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Faults
import FoundationEssentials
import Logging
import Retry

/// Owns the MediaConvert jobs of one film: creates each once, records it in the ledger before waiting for it, cancels it.
actor MediaConvertJobs {
    /// Seconds that MediaConvert may be unreachable while a job is waited for.
    private static let outageLimit = 900.0

    private let client: MediaConvertClient
    private let ledger: MediaConvertJobLedger
    private let logger: Logger
    private let key: String
    private var entry: MediaConvertJobLedger.Entry
    /// The ids of jobs that have ended and need not be cancelled.
    private var ended: Set<String> = []

    /// - Parameter key: the film's key in the ledger.
    init(client: MediaConvertClient, ledger: MediaConvertJobLedger, logger: Logger, key: String) {
        self.client = client
        self.ledger = ledger
        self.logger = logger
        self.key = key
        entry = ledger.entry(key)
    }

    /// The number of abandoned attempts at the film.
    var edition: Int { entry.edition }
    /// The id of the job with a name; `nil` if it was not created yet.
    func id(of name: String) -> String? { entry.jobs[name]?.id }
    /// The state of the output when the film was verified; `nil` if it was not.
    var film: MediaConvertJobLedger.Entry.Film? { entry.film }
    /// The number of jobs that were created for the film.
    var count: Int { entry.jobs.count }

    /// Gets the status of the recorded jobs. If one of them failed or no longer exists, cancels all and starts the next edition.
    func reconcile() async throws {
        var isBroken = false
        for (name, recorded) in entry.jobs {
            do {
                let job = try await client.job(recorded.id)
                switch job.status {
                case .submitted, .progressing:
                    logger.info("resuming the MediaConvert job \(recorded.id) for \(name)")
                case .complete:
                    ended.insert(recorded.id)
                case .error, .canceled:
                    ended.insert(recorded.id)
                    isBroken = true
                }
            } catch let error as AWSError where error.kind == .notFound {
                logger.info("the MediaConvert job \(recorded.id) no longer exists")
                ended.insert(recorded.id)
                isBroken = true
            }
        }
        if isBroken { _ = try await cancelAll() }
    }

    /// Creates a job unless it is recorded already.
    ///
    /// - Parameter name: the ledger's name of its product.
    /// - Returns: the job's id.
    /// - Throws: `MediaConvertJobError` with the cause `role` if MediaConvert rejects the role; `unavailable` if the job cannot be
    ///   recorded.
    func createIfNeeded(_ name: String, _ request: CreateJobRequest) async throws -> String {
        if let id = id(of: name) { return id }
        // In a task of its own: a request that is cancelled on its way may have created a job whose id nobody knows.
        let job = try await Task { try await create(request) }.value
        entry.jobs[name] = MediaConvertJobLedger.Entry.Job(id: job.id, madeAt: Self.now)
        do {
            try ledger.write(entry, for: key)
        } catch {
            // An unrecorded job would be paid for twice.
            try? await client.cancel(job.id)
            throw error
        }
        logger.info("created the MediaConvert job \(job.id): \(request.inputs.count) inputs to \(request.output)")
        return job.id
    }

    /// Polls a job until it is complete.
    ///
    /// - Parameters:
    ///   - queueSeconds: how long it may wait in its queue (`SUBMITTED`); unlimited if absent.
    ///   - progress: receives a fraction from 0 to 1 and a message.
    /// - Throws: `MediaConvertJobError` with AWS's code and message if the job failed, was cancelled or waited too long.
    func wait(
        for id: String, queueSeconds: Double?, progress: @Sendable (Double, String) -> Void
    ) async throws -> MediaConvertClient.Job {
        let madeAt = entry.jobs.values.first { $0.id == id }?.madeAt ?? Self.now
        var lastResponse = ContinuousClock.now
        var fraction = 0.0
        // Jitter keeps the polls of many stitchers apart.
        var backoff = Backoff(
            first: .milliseconds(500), factor: 1.4, longest: .seconds(10), jitter: 0.7...1.3)
        while true {
            do {
                let job = try await client.job(id)
                lastResponse = .now
                switch job.status {
                case .complete:
                    ended.insert(id)
                    return job
                case .progressing:
                    let percent = min(max(job.percent ?? 0, 0), 100)
                    fraction = Double(percent) / 100
                    progress(fraction, "MediaConvert: \(percent) %")
                case .submitted:
                    progress(0, "MediaConvert: in the queue")
                    if let queueSeconds, Self.now - madeAt > queueSeconds, try await cancelQueued(id) {
                        throw MediaConvertJobError(
                            id: id,
                            serviceError: ServiceError(
                                // trusted: a bounded setting
                                .timeout, "the MediaConvert job \(id) waited for \(Int(queueSeconds)) s in its queue",
                                provider: "mediaconvert"))
                    }
                case .canceled, .error:
                    ended.insert(id)
                    throw failure(of: job)
                }
            } catch let error as AWSError where error.retryable {
                guard lastResponse.duration(to: .now) < .seconds(Self.outageLimit) else { throw error }
                logger.warning("cannot get the status of the MediaConvert job \(id): \(error.message)")
                progress(fraction, "MediaConvert is unreachable")
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Cancels all jobs that have not ended, and starts the next edition: the next request for the film gets new jobs.
    ///
    /// - Returns: the ids of the jobs that could not be cancelled and may still run.
    func cancelAll() async throws(ServiceError) -> [String] {
        guard !entry.jobs.isEmpty else { return [] }
        var running: [String] = []
        for id in entry.jobs.values.map(\.id) where !ended.contains(id) {
            do {
                try await client.cancel(id)
                logger.info("cancelled the MediaConvert job \(id)")
            } catch let error as AWSError where Self.isAlreadyEnded(error) {
                continue
            } catch {
                logger.warning("cannot cancel the MediaConvert job \(id): \(error)")
                running.append(id)
            }
        }
        try startNextEdition()
        return running
    }

    /// Records that the film was verified at its output.
    func recordFilm(_ film: MediaConvertJobLedger.Entry.Film) throws(ServiceError) {
        entry.film = film
        try ledger.write(entry, for: key)
    }

    private func startNextEdition() throws(ServiceError) {
        entry = MediaConvertJobLedger.Entry(edition: entry.edition + 1)
        ended = []
        try ledger.write(entry, for: key)
    }

    // MARK: -

    private static var now: Double { Date().timeIntervalSince1970 }

    private func create(_ request: CreateJobRequest) async throws -> MediaConvertClient.Job {
        do {
            return try await client.create(try request.json, subject: "MediaConvert, making \(request.output)")
        } catch let error as AWSError where error.kind == .invalidParams && Self.isAboutRole(error.message) {
            throw MediaConvertJobError(id: nil, serviceError: ServiceError(wrapping: error), cause: .role)
        }
    }

    /// Whether a message of AWS reports that the role cannot be assumed or lacks a permission.
    static func isAboutRole(_ message: String) -> Bool {
        let message = message.lowercased()
        return ["role", "assume", "access denied", "not authorized", "unauthorized"].contains { message.contains($0) }
    }

    /// Whether a job cannot be cancelled because it has ended already.
    private static func isAlreadyEnded(_ error: AWSError) -> Bool {
        error.kind == .conflict || error.kind == .invalidParams || error.kind == .notFound
    }

    /// Cancels a job in the queue.
    ///
    /// - Returns: `false` if the job can no longer be cancelled.
    private func cancelQueued(_ id: String) async throws -> Bool {
        do {
            try await client.cancel(id)
            ended.insert(id)
            return true
        } catch let error as AWSError where Self.isAlreadyEnded(error) {
            return false
        }
    }

    /// The error of a job that ended as `ERROR` or `CANCELED`.
    func failure(of job: MediaConvertClient.Job) -> MediaConvertJobError {
        let isAboutRole = job.status == .error && Self.isAboutRole(job.errorMessage ?? "")
        return MediaConvertJobError(id: job.id, serviceError: error(of: job), cause: isAboutRole ? .role : .other)
    }

    private func error(of job: MediaConvertClient.Job) -> ServiceError {
        guard job.status == .error else {
            return ServiceError(
                .unavailable,
                "the MediaConvert job \(job.id) was cancelled outside this service: request the film again for a new job",
                retryable: false, provider: "mediaconvert", providerCode: "CANCELED")
        }
        let code = job.errorCode.map(String.init)
        let reason = [code, job.errorMessage].compactMap { $0 }.joined(separator: ": ")
        logger.error("the MediaConvert job \(job.id) failed: \(reason)")
        return ServiceError(
            .unavailable,
            "the MediaConvert job \(job.id) failed: \(reason.isEmpty ? "no reason given" : reason); check that its role can "
                + "access the bucket, or use the backend local or auto",
            retryable: false, detail: job.errorMessage, provider: "mediaconvert", providerCode: code)
    }
}
