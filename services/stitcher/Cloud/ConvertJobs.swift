import AWS
import Artifacts
import Faults
import FoundationEssentials
import Logging
import Retry

/// The MediaConvert jobs of one film: made once, remembered before anybody waits for them, waited for, cancelled.
actor ConvertJobs {
    /// Seconds that the service may be out of reach while a job is waited for.
    private static let outage = 900.0

    private let client: MediaConvertClient
    private let ledger: CloudLedger
    private let logger: Logger
    private let key: String
    private var entry: CloudLedger.Entry
    /// Jobs that need not be cancelled any more.
    private var ended: Set<String> = []

    init(client: MediaConvertClient, ledger: CloudLedger, logger: Logger, key: String) {
        self.client = client
        self.ledger = ledger
        self.logger = logger
        self.key = key
        entry = ledger.entry(key)
    }

    /// Which attempt at the film this is.
    var edition: Int { entry.edition }
    /// The job that makes something, where it was made already.
    func known(_ name: String) -> String? { entry.jobs[name]?.id }
    /// The film as it was left at its output.
    var film: CloudLedger.Entry.Film? { entry.film }
    /// How many jobs the film takes.
    var count: Int { entry.jobs.count }

    /// Looks at the jobs that were made before; where one of them has failed, all is begun anew.
    func review() async throws {
        var isBroken = false
        for (name, made) in entry.jobs {
            do {
                let job = try await client.job(made.id)
                switch job.status {
                case .submitted, .progressing:
                    logger.info("goes on with the MediaConvert job \(made.id), which makes \(name)")
                case .complete:
                    ended.insert(made.id)
                case .error, .canceled:
                    ended.insert(made.id)
                    isBroken = true
                }
            } catch let error as AWSError where error.kind == .notFound {
                logger.info("the MediaConvert job \(made.id) is not there any more")
                ended.insert(made.id)
                isBroken = true
            }
        }
        if isBroken { _ = try await cancel() }
    }

    /// Makes the job, unless it was made already. -> its id.
    ///
    /// - Throws: `JobFault` with the cause `role` where the role is refused.
    func obtain(_ name: String, _ request: ConvertRequest) async throws -> String {
        if let id = known(name) { return id }
        let job = try await create(request)
        entry.jobs[name] = CloudLedger.Entry.Job(id: job.id, madeAt: Self.now)
        do {
            try ledger.write(entry, for: key)
        } catch {
            // What nobody remembers would be paid for twice.
            try? await client.cancel(job.id)
            throw error
        }
        logger.info("MediaConvert job \(job.id) makes \(request.output) of \(request.inputs.count) inputs")
        return job.id
    }

    /// Waits until a job has made its film.
    ///
    /// - Parameters:
    ///   - queueSeconds: how long it may be SUBMITTED; as long as it likes if absent.
    ///   - progress: 0 to 1, and what the job does.
    /// - Throws: `JobFault`, with AWS's code and words for a job that failed.
    func wait(
        for id: String, queueSeconds: Double?, progress: @Sendable (Double, String) -> Void
    ) async throws -> MediaConvertClient.Job {
        let madeAt = entry.jobs.values.first { $0.id == id }?.madeAt ?? Self.now
        var lastAnswer = ContinuousClock.now
        var reached = 0.0
        // Many stitchers must not ask in step.
        var backoff = Backoff(
            first: .milliseconds(500), factor: 1.4, longest: .seconds(10), jitter: 0.7...1.3)
        while true {
            do {
                let job = try await client.job(id)
                lastAnswer = .now
                switch job.status {
                case .complete:
                    ended.insert(id)
                    return job
                case .progressing:
                    let percent = min(max(job.percent ?? 0, 0), 100)
                    reached = Double(percent) / 100
                    progress(reached, "MediaConvert: \(percent) %")
                case .submitted:
                    progress(0, "MediaConvert: in the queue")
                    if let queueSeconds, Self.now - madeAt > queueSeconds, try await drop(id) {
                        throw JobFault(
                            id: id,
                            serviceError: ServiceError(
                                // trusted: a bounded setting
                                .timeout, "the MediaConvert job \(id) waited for \(Int(queueSeconds)) s in its queue",
                                provider: "mediaconvert"))
                    }
                case .canceled, .error:
                    ended.insert(id)
                    throw fault(of: job)
                }
            } catch let error as AWSError where error.retryable {
                guard lastAnswer.duration(to: .now) < .seconds(Self.outage) else { throw error }
                logger.warning("cannot ask for the MediaConvert job \(id): \(error.message)")
                progress(reached, "MediaConvert does not answer")
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Cancels what has not ended: whoever asks for the film again gets new jobs. -> the jobs that may go on all the same.
    func cancel() async throws(ServiceError) -> [String] {
        guard !entry.jobs.isEmpty else { return [] }
        var left: [String] = []
        for id in entry.jobs.values.map(\.id) where !ended.contains(id) {
            do {
                try await client.cancel(id)
                logger.info("cancelled the MediaConvert job \(id)")
            } catch let error as AWSError where Self.isOver(error) {
                continue
            } catch {
                logger.warning("cannot cancel the MediaConvert job \(id): \(error)")
                left.append(id)
            }
        }
        try giveUp()
        return left
    }

    /// Remembers that the film is at its output and good.
    func keep(_ film: CloudLedger.Entry.Film) throws(ServiceError) {
        entry.film = film
        try ledger.write(entry, for: key)
    }

    /// The film was not made: who asks for it again gets new jobs.
    private func giveUp() throws(ServiceError) {
        entry = CloudLedger.Entry(edition: entry.edition + 1)
        ended = []
        try ledger.write(entry, for: key)
    }

    // MARK: -

    private static var now: Double { Date().timeIntervalSince1970 }

    private func create(_ request: ConvertRequest) async throws -> MediaConvertClient.Job {
        do {
            return try await client.create(try request.json, subject: "MediaConvert, making \(request.output)")
        } catch let error as AWSError where error.kind == .invalidParams && Self.isAboutRole(error.message) {
            throw JobFault(id: nil, serviceError: ServiceError(wrapping: error), cause: .role)
        }
    }

    /// Whether words are about a role that cannot be used, or what it may not do.
    private static func isAboutRole(_ words: String) -> Bool {
        let words = words.lowercased()
        return ["role", "assume", "access denied", "not authorized", "unauthorized"].contains { words.contains($0) }
    }

    /// Whether a job cannot be cancelled because it has ended.
    private static func isOver(_ error: AWSError) -> Bool {
        error.kind == .conflict || error.kind == .invalidParams || error.kind == .notFound
    }

    /// -> whether the job is cancelled: it may have begun meanwhile.
    private func drop(_ id: String) async throws -> Bool {
        do {
            try await client.cancel(id)
            ended.insert(id)
            return true
        } catch let error as AWSError where Self.isOver(error) {
            return false
        }
    }

    private func fault(of job: MediaConvertClient.Job) -> JobFault {
        let isAboutRole = job.status == .error && Self.isAboutRole(job.errorMessage ?? "")
        return JobFault(id: job.id, serviceError: error(of: job), cause: isAboutRole ? .role : .other)
    }

    private func error(of job: MediaConvertClient.Job) -> ServiceError {
        guard job.status == .error else {
            return ServiceError(
                .unavailable, "the MediaConvert job \(job.id) was cancelled by somebody else: ask again for a new one",
                retryable: false, provider: "mediaconvert", providerCode: "CANCELED")
        }
        let code = job.errorCode.map(String.init)
        let words = [code, job.errorMessage].compactMap { $0 }.joined(separator: ": ")
        logger.error("MediaConvert job \(job.id) failed: \(words)")
        return ServiceError(
            .unavailable,
            "the MediaConvert job \(job.id) failed: \(words.isEmpty ? "no reason given" : words); see that its role may "
                + "use the bucket, or use the backend local or auto",
            retryable: false, detail: job.errorMessage, provider: "mediaconvert", providerCode: code)
    }
}
