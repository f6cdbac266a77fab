// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Blocking
import Contracts
import Faults
import JSON
import JSONRPC
import Logging
import Media
import MediaService
import Retry
import ServiceKit
import Timebase

/// Implements `stitcher.stitch` by jobs of AWS MediaConvert.
///
/// What a job cannot do is rendered on this machine first: each cross-fade, and each part whose narration is a file of its own or whose
/// clip differs from the film's format. These files are stored beside the film below `.stitch/` and removed at the end.
struct MediaConvertStitcher: Sendable {
    /// By how many frames a film may differ from its expected length.
    private static let frameTolerance = 2
    /// The bit rate of a stage's film, which is encoded again by the last job.
    private static let stageBitrate = 4 * CreateJobRequest.bitrate

    /// Renders inputs and writes captions.
    let local: LocalStitcher
    let settings: MediaConvertSettings
    let client: MediaConvertClient
    let ledger: MediaConvertJobLedger
    let roles: MediaConvertRoleResolver
    /// The price of one job.
    let price: USD
    let logger: Logger

    private var artifacts: Artifacts { local.media.artifacts }

    /// Stitches a film. A request for the same film continues with the jobs of an earlier one.
    ///
    /// - Parameters:
    ///   - queueSeconds: how long a job may wait in its queue; unlimited if absent.
    ///   - callerMayRetry: whether the caller may request the same film again after an error. If so, jobs are not cancelled when only
    ///     their status is unavailable.
    /// - Throws: `invalid_params` for a request that MediaConvert cannot satisfy; `MediaConvertJobError` for any later failure.
    func stitch(_ request: StitchFilm, _ call: Call, queueSeconds: Double?, callerMayRetry: Bool) async throws
        -> StitchedFilm
    {
        var warnings: [String] = []
        let film = try await call.reportingProgress(0, "fetching the clips of the film") {
            try await self.film(request, &warnings)
        }
        let jobs = MediaConvertJobs(client: client, ledger: ledger, logger: logger, key: film.key)
        do {
            try await jobs.reconcile()
            let id = try await resume(film, jobs, queueSeconds, call, &warnings)
            var result = StitchedFilm(
                video: film.output.description, duration: film.format.rate.seconds(film.frames),
                backend: .mediaconvert, jobID: id, copiedFrames: 0, encodedFrames: film.frames,
                chapters: LocalStitcher.chapters(film.parts, film.format.rate),
                cost: price * (await jobs.count))
            let cues = try await local.captions(request, film.parts, rate: film.format.rate, call)
            result.captions = try await local.writeCaptions(cues, request.captions ?? .none, beside: film.output)
            result.warnings = warnings.isEmpty ? nil : warnings
            await removeIntermediateFiles(film, edition: await jobs.edition)
            return result
        } catch {
            // A caller that timed out or disconnected will retry, so keep the paid job running.
            let keepsJobs =
                !call.isCancelledByCaller && !(error is MediaConvertJobError) && (callerMayRetry || Task.isCancelled)
            // Requests of a cancelled task would fail, so clean up in a new task.
            throw await Task { await cleanUp(film, jobs, after: error, keepsJobs: keepsJobs) }.value
        }
    }

    /// Implements `stitcher.job_status`.
    func status(_ request: StitchJobReference) async throws -> StitchJobStatus {
        let job = try await client.job(request.jobID)
        let error = [job.errorCode.map(String.init), job.errorMessage].compactMap { $0 }
        return StitchJobStatus(
            status: job.status.rawValue, percent: job.status == .complete ? 100 : job.percent ?? 0,
            error: error.isEmpty ? nil : error.joined(separator: ": "))
    }

    // MARK: - Planning

    private func film(_ request: StitchFilm, _ warnings: inout [String]) async throws -> MediaConvertFilm {
        try Self.validate(request, hasStaging: settings.staging != nil)
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let output = try local.media.target(request.output, at: "/output")
        let key = try await key(request)
        let parts = try await local.parts(request.clips, rate: format.rate, &warnings)
        let facts = try await local.media.blocking.run { _ in
            try parts.map { part in try ClipProperties(part.clip, format: format) }
        }
        let fadeFrames = request.mode == .fade ? format.rate.frames(request.fade ?? FilmDefaults.fade) : 0
        // Timecodes are ambiguous at fractional rates such as 30000/1001: clips of those rates are cut on this machine.
        let canCutByTimecode = format.rate.denominator == 1
        let available = zip(zip(request.clips, parts), facts).map { source, facts -> Int? in
            let (clip, part) = source
            let isInBucket = clip.clip.hasPrefix("s3://")
            let hasOwnSound = part.audio == nil && part.audioStart == 0 && facts.hasSound
            let isWhole = facts.frames == part.frames && fadeFrames == 0
            return isInBucket && hasOwnSound && facts.matchesFilm && (canCutByTimecode || isWhole) ? facts.frames : nil
        }
        let bucket = try settings.staging ?? Self.folder(of: output)
        let workFolder = try bucket.appending(".stitch/\(key.prefix(32))")
        return MediaConvertFilm(
            request: request, parts: parts, format: format,
            inputs: MediaConvertInput.inputs(frames: parts.map(\.frames), available: available, fadeFrames: fadeFrames),
            fadeFrames: fadeFrames, output: output,
            target: output.scheme == .s3 ? output : try workFolder.appending("film.mp4"), workFolder: workFolder,
            key: key)
    }

    /// Checks that MediaConvert can make the film.
    ///
    /// - Parameter hasStaging: whether a staging bucket is configured, through which local files reach MediaConvert.
    /// - Throws: `invalid_params` at the first parameter that is not supported.
    static func validate(_ request: StitchFilm, hasStaging: Bool) throws(ServiceError) {
        let unsupported: [(name: String, isRequested: Bool)] = [
            ("loudness_lufs", request.loudness != nil), ("music", request.music != nil),
            ("fade_in_s", (request.fadeIn ?? 0) > 0), ("fade_out_s", (request.fadeOut ?? 0) > 0),
        ]
        for (name, isRequested) in unsupported where isRequested {
            throw .invalidParams(
                at: "/\(name)", expected: "no value: the backend mediaconvert does not support it; use local or auto")
        }
        if request.captions == .soft {
            throw .invalidParams(
                at: "/captions",
                expected: "none, sidecar or burned: the backend mediaconvert writes no text track; use local or auto")
        }
        guard request.output.hasSuffix(".mp4"), !request.output.contains("$") else {
            throw .invalidParams(at: "/output", expected: "a URI that ends in .mp4 and contains no $")
        }
        guard !hasStaging else { return }
        let uris = [("/output", request.output)] + request.clips.enumerated().map { ("/clips/\($0)/clip", $1.clip) }
        for (pointer, uri) in uris where !uri.hasPrefix("s3://") {
            throw .invalidParams(
                at: pointer,
                expected: "an s3:// URI, found \"\(uri.prefix(200))\": MediaConvert can only access buckets; set "
                    + "UNDERSTUDY_MEDIACONVERT_BUCKET to upload local files to one, or use the backend local")
        }
    }

    private static func folder(of output: ArtifactURI) throws(ServiceError) -> ArtifactURI {
        try ArtifactURI("s3://\(output.path.dropLast(output.name.count))", at: "/output")
    }

    /// The film's key: it changes with the request and with the size or modification time of an input.
    private func key(_ request: StitchFilm) async throws -> String {
        var normalised = request
        normalised.backend = nil
        // Titles are not in the film that MediaConvert makes, and earlier versions had none.
        for index in normalised.clips.indices { normalised.clips[index].title = nil }
        var states: [String] = []
        for uri in request.clips.flatMap({ [$0.clip, $0.audio] }).compactMap({ $0 }) {
            let info = try await artifacts.info(try ArtifactURI(uri))
            states.append("\(info?.size ?? -1) \(info?.modified ?? 0)")
        }
        let text = String(decoding: try JSONCoding.encode(normalised), as: UTF8.self)
        return ContentKey(["request": text, "inputs": states.joined(separator: "\n")]).text
    }

    // MARK: - Running jobs

    /// Continues with the recorded jobs. Starts over if their film no longer exists, or while a new role is not visible to MediaConvert.
    ///
    /// - Returns: the id of the job that made the film.
    private func resume(
        _ film: MediaConvertFilm, _ jobs: MediaConvertJobs, _ queueSeconds: Double?, _ call: Call,
        _ warnings: inout [String]
    ) async throws -> String {
        var isRecorded = await jobs.id(of: "film") != nil
        if let id = await jobs.id(of: "film"), let recorded = await jobs.film,
            recorded == (try await outputState(film.output))
        {
            return id
        }
        var isPrepared = false
        var backoff = Backoff(first: .seconds(2), factor: 1.5, longest: .seconds(10))
        while true {
            do {
                return try await run(film, jobs, queueSeconds, call, &isPrepared, &warnings)
            } catch let fault as MediaConvertJobError where fault.cause == .film && isRecorded {
                (isRecorded, isPrepared) = (false, false)
                _ = try await jobs.cancelAll()
            } catch let fault as MediaConvertJobError where fault.cause == .role && roles.isRecentlyChanged {
                // AWS does not charge for failed jobs.
                logger.info("MediaConvert cannot use the new role yet: \(fault.serviceError.message)")
                _ = try await jobs.cancelAll()
                call.progress(0.3, "waiting until MediaConvert can use its new role")
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func outputState(_ output: ArtifactURI) async throws -> MediaConvertJobLedger.Entry.Film? {
        try await artifacts.info(output).map { MediaConvertJobLedger.Entry.Film(size: $0.size, modified: $0.modified) }
    }

    /// Renders the missing inputs, creates the jobs, waits for them and verifies the film.
    ///
    /// - Parameter isPrepared: whether the inputs were rendered already.
    /// - Returns: the id of the job that made the film.
    private func run(
        _ film: MediaConvertFilm, _ jobs: MediaConvertJobs, _ queueSeconds: Double?, _ call: Call,
        _ isPrepared: inout Bool,
        _ warnings: inout [String]
    ) async throws -> String {
        let edition = await jobs.edition
        var id = await jobs.id(of: "film")
        if id == nil {
            let stages = film.stages
            var missing: [MediaConvertInput] = []
            for (index, stage) in stages.enumerated() where await jobs.id(of: film.stageName(index)) == nil {
                missing += stage
            }
            let role = try await roles.arn(for: film.buckets)
            if !isPrepared { warnings += try await render(missing, film, call) }
            isPrepared = true
            var inputs = try film.inputs.map { input in try film.jobInput(input) }
            if stages.count > 1 {
                inputs = try await joinStages(stages, film, jobs, role, queueSeconds, call)
            }
            id = try await jobs.createIfNeeded(
                "film", jobRequest("film", inputs, film.target, film, role, edition))
        }
        guard let id else { throw ServiceError(.internal, "no MediaConvert job") }
        let job = try await jobs.wait(for: id, queueSeconds: queueSeconds) { fraction, message in
            call.progress(0.6 + 0.35 * fraction, message)
        }
        try await verify(film, job, call)
        if film.target != film.output {
            try await call.reportingProgress(0.99, "storing \(film.output.name)") {
                try await artifacts.copy(film.target, to: film.output)
            }
        }
        if let state = try await outputState(film.output) { try await jobs.recordFilm(state) }
        return id
    }

    /// Joins each stage by a job of its own, all of them concurrently.
    ///
    /// - Returns: the inputs of the job that joins the films of the stages.
    private func joinStages(
        _ stages: [ArraySlice<MediaConvertInput>], _ film: MediaConvertFilm, _ jobs: MediaConvertJobs, _ role: String,
        _ queueSeconds: Double?, _ call: Call
    ) async throws -> [CreateJobRequest.Input] {
        let edition = await jobs.edition
        var ids: [String] = []
        var inputs: [CreateJobRequest.Input] = []
        for (index, stage) in stages.enumerated() {
            let file = try film.stageFile(index, edition: edition)
            var request = jobRequest(
                film.stageName(index), try stage.map { input in try film.jobInput(input) }, file, film, role, edition)
            request.bitrate = Self.stageBitrate
            ids.append(try await jobs.createIfNeeded(film.stageName(index), request))
            inputs.append(CreateJobRequest.Input(file: file.description, frames: nil))
        }
        let count = ids.count
        for (index, id) in ids.enumerated() {
            _ = try await jobs.wait(for: id, queueSeconds: queueSeconds) { fraction, message in
                let done = (Double(index) + fraction) / Double(count)
                call.progress(0.3 + 0.3 * done, "\(message), stage \(index + 1) of \(count)")
            }
        }
        return inputs
    }

    private func jobRequest(
        _ name: String, _ inputs: [CreateJobRequest.Input], _ output: ArtifactURI, _ film: MediaConvertFilm,
        _ role: String, _ edition: Int
    ) -> CreateJobRequest {
        let token = ContentKey([
            "film": film.key, "edition": String(edition), "name": name, "role": role,
            "queue": settings.queue ?? "",
        ])
        return CreateJobRequest(
            inputs: inputs, output: output.description, format: film.format, role: role, queue: settings.queue,
            token: token.text, label: String(film.output.description.suffix(200)))
    }

    /// Verifies the output of a complete job: it was written by this job, decodes, has the expected length, and has sound.
    ///
    /// - Throws: `MediaConvertJobError` with the cause `film`.
    private func verify(_ film: MediaConvertFilm, _ job: MediaConvertClient.Job, _ call: Call) async throws {
        func fault(_ text: String) -> MediaConvertJobError {
            let error = ServiceError(
                .corruptMedia, "the MediaConvert job \(job.id) is complete, but \(film.target) \(text)",
                provider: "mediaconvert")
            return MediaConvertJobError(id: job.id, serviceError: error, cause: .film)
        }
        guard let info = try await artifacts.info(film.target), info.modified >= (job.createdAt ?? 0) - 1 else {
            throw fault("was not written")
        }
        let message = "verifying the film"
        let path = try await call.reportingProgress(0.95, message) { try await artifacts.localPath(film.target) }
        let report: MediaReport
        do {
            report = try await local.media.blocking.run { isCancelled in
                try MediaProbe.probe(
                    path, decode: true, cancelled: isCancelled,
                    progress: { call.progress(0.95 + 0.04 * $0, message) })
            }
        } catch let error as MediaError where error.kind == .corruptMedia {
            throw fault("cannot be read: \(error.message)")
        }
        if report.decodedOK != true { throw fault("does not decode: \(report.problems.first ?? "unknown error")") }
        guard abs(report.frames - film.frames) <= Self.frameTolerance else {
            throw fault("has \(report.frames) frames, expected \(film.frames)")
        }
        guard report.streams.contains(where: { $0.type == "audio" }) else { throw fault("has no sound") }
    }

    // MARK: - Cleaning up

    /// Cancels the jobs and removes the intermediate files after an error.
    ///
    /// - Parameter keepsJobs: whether created jobs, and the inputs that they need, are left alone.
    /// - Returns: the error for the caller.
    private func cleanUp(
        _ film: MediaConvertFilm, _ jobs: MediaConvertJobs, after error: any Error, keepsJobs: Bool
    ) async -> any Error {
        var fault = MediaConvertJobError(id: await jobs.id(of: "film"), serviceError: ServiceError(wrapping: error))
        if let jobError = error as? MediaConvertJobError {
            fault = jobError
            // The role may have been changed outside this process.
            roles.invalidate()
        }
        if keepsJobs, await jobs.count > 0 { return fault }
        let edition = await jobs.edition
        let running = (try? await jobs.cancelAll()) ?? []
        guard running.isEmpty else {
            fault.serviceError.message +=
                "; \(running.joined(separator: ", ")) could not be cancelled and may still write \(film.target)"
            return fault
        }
        await removeIntermediateFiles(film, edition: edition)
        return fault
    }

    private func removeIntermediateFiles(_ film: MediaConvertFilm, edition: Int) async {
        for file in film.intermediateFiles(edition: edition) {
            do {
                try await artifacts.remove(file)
            } catch {
                logger.warning("cannot remove \(file): \(error.message)")
            }
        }
    }
}
