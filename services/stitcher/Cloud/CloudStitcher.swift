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
import Synchronization
import Timebase

/// Answers `stitcher.stitch` by jobs of MediaConvert.
///
/// What a job cannot do is made here before: a part whose narration lies apart from its clip, or whose clip is unlike the film, and
/// each cross-fade. They are put beside the film below `.stitch/` and removed at the end.
struct CloudStitcher: Sendable {
    /// Pieces made at a time.
    private static let width = 4
    /// Frames that a film may be off.
    private static let tolerance = 2
    /// Bits per second of a stage's film, which is coded once more.
    private static let stageBitrate = 4 * ConvertRequest.bitrate

    let local: FilmStitcher
    let settings: CloudSettings
    let client: MediaConvertClient
    let ledger: CloudLedger
    let role: CloudRole
    /// Of one job.
    let price: USD
    let logger: Logger

    private var artifacts: Artifacts { local.media.artifacts }

    /// - Parameters:
    ///   - queueSeconds: how long a job may wait in its queue; as long as it likes if absent.
    ///   - mayReturn: whether the caller, told of a failure, may ask for the same film again: a job that can only not be asked for
    ///     then goes on.
    /// - Throws: `JobFault` where a job was made; what is wrong with the request; what AWS says.
    func stitch(_ request: Stitch, _ call: Call, queueSeconds: Double?, mayReturn: Bool) async throws -> Stitched {
        var warnings: [String] = []
        let film = try await call.waiting(0, "fetching the clips of the film") {
            try await self.film(request, &warnings)
        }
        let jobs = ConvertJobs(client: client, ledger: ledger, logger: logger, key: film.key)
        do {
            try await jobs.review()
            let id = try await runAgain(film, jobs, queueSeconds, call, &warnings)
            var result = Stitched(
                video: film.output.description, duration: film.format.rate.seconds(film.frames),
                backend: .mediaconvert, jobID: id, copiedFrames: 0, encodedFrames: film.frames,
                chapters: FilmStitcher.chapters(film.parts, film.format.rate),
                cost: price * (await jobs.count))
            let cues = try await local.captions(request, film.parts, rate: film.format.rate, call)
            result.captions = try await local.write(cues, request.captions ?? .none, beside: film.output)
            result.warnings = warnings.isEmpty ? nil : warnings
            await clean(film, edition: await jobs.edition)
            return result
        } catch {
            // Who lost the call, or the time for it, asks again: the job is paid for.
            let goesOn = !call.isCancelledByCaller && !(error is JobFault) && (mayReturn || Task.isCancelled)
            // A cancelled task could not ask for anything any more.
            throw await Task { await settle(film, jobs, after: error, goesOn: goesOn) }.value
        }
    }

    func status(_ request: StitchJob) async throws -> StitchJobStatus {
        let job = try await client.job(request.jobID)
        let words = [job.errorCode.map(String.init), job.errorMessage].compactMap { $0 }
        return StitchJobStatus(
            status: job.status.rawValue, percent: job.status == .complete ? 100 : job.percent ?? 0,
            error: words.isEmpty ? nil : words.joined(separator: ": "))
    }

    // MARK: - What is asked for

    private func film(_ request: Stitch, _ warnings: inout [String]) async throws -> CloudFilm {
        try check(request)
        let format = try VideoFormat(width: request.width, height: request.height, fps: request.fps)
        let output = try local.media.target(request.output, at: "/output")
        let key = try await key(request)
        let parts = try await local.parts(request.clips, rate: format.rate, &warnings)
        let facts = try await local.media.blocking.run { _ in
            try parts.map { part in try ClipFacts(part.clip, format: format) }
        }
        let crossing = request.mode == .fade ? format.rate.frames(request.fade ?? FilmDefaults.fade) : 0
        // Timecodes name no frame of 30000/1001 a second for sure: such clips are cut here.
        let cutsThere = format.rate.denominator == 1
        let available = zip(zip(request.clips, parts), facts).map { given, facts -> Int? in
            let isInBucket = given.0.clip.hasPrefix("s3://")
            let hasOwnSound = given.1.audio == nil && given.1.audioStart == 0 && facts.hasSound
            let isWhole = facts.frames == given.1.frames && crossing == 0
            return isInBucket && hasOwnSound && facts.isLikeFilm && (cutsThere || isWhole) ? facts.frames : nil
        }
        let bucket = try settings.staging ?? folder(of: output)
        let work = try bucket.appending(".stitch/\(key.prefix(32))")
        return CloudFilm(
            request: request, parts: parts, format: format,
            pieces: CloudPiece.pieces(frames: parts.map(\.frames), available: available, crossing: crossing),
            crossing: crossing, output: output,
            target: output.scheme == .s3 ? output : try work.appending("film.mp4"), work: work, key: key)
    }

    private func check(_ request: Stitch) throws(ServiceError) {
        let impossible: [(name: String, isAsked: Bool)] = [
            ("loudness_lufs", request.loudness != nil), ("music", request.music != nil),
            ("fade_in_s", (request.fadeIn ?? 0) > 0), ("fade_out_s", (request.fadeOut ?? 0) > 0),
        ]
        for (name, isAsked) in impossible where isAsked {
            throw .invalidParams(
                at: "/\(name)", expected: "none: the backend mediaconvert cannot do this; use local, or auto")
        }
        if request.captions == .soft {
            throw .invalidParams(
                at: "/captions",
                expected: "none, sidecar or burned: the backend mediaconvert makes no text track; use local, or auto")
        }
        guard request.output.hasSuffix(".mp4"), !request.output.contains("$") else {
            throw .invalidParams(at: "/output", expected: "a URI that ends in .mp4 and holds no $")
        }
        guard settings.staging == nil else { return }
        let all = [("/output", request.output)] + request.clips.enumerated().map { ("/clips/\($0)/clip", $1.clip) }
        for (pointer, uri) in all where !uri.hasPrefix("s3://") {
            throw .invalidParams(
                at: pointer,
                expected: "an s3:// URI, found \"\(uri.prefix(200))\": MediaConvert reaches buckets only; set "
                    + "UNDERSTUDY_MEDIACONVERT_BUCKET to have files put into one, or use the backend local")
        }
    }

    private func folder(of output: ArtifactURI) throws(ServiceError) -> ArtifactURI {
        try ArtifactURI("s3://\(output.path.dropLast(output.name.count))", at: "/output")
    }

    /// A name for the film: other bytes in a clip make it another film.
    private func key(_ request: Stitch) async throws -> String {
        var asked = request
        asked.backend = nil
        var states: [String] = []
        for uri in request.clips.flatMap({ [$0.clip, $0.audio] }).compactMap({ $0 }) {
            let info = try await artifacts.info(try ArtifactURI(uri))
            states.append("\(info?.size ?? -1) \(info?.modified ?? 0)")
        }
        let text = String(decoding: try JSONCoding.encode(asked), as: UTF8.self)
        return ContentKey(["request": text, "inputs": states.joined(separator: "\n")]).text
    }

    // MARK: - Making it

    /// Takes over what was begun before; where the film of then is gone, makes it once more. -> the id of the job that made it.
    private func runAgain(
        _ film: CloudFilm, _ jobs: ConvertJobs, _ queueSeconds: Double?, _ call: Call, _ warnings: inout [String]
    ) async throws -> String {
        var isKnown = await jobs.known("film") != nil
        if isKnown, let id = await jobs.known("film"), let kept = await jobs.film,
            kept == (try await found(film.output))
        {
            return id
        }
        var isPrepared = false
        var backoff = Backoff(first: .seconds(2), factor: 1.5, longest: .seconds(10))
        while true {
            do {
                return try await run(film, jobs, queueSeconds, call, &isPrepared, &warnings)
            } catch let fault as JobFault where fault.cause == .film && isKnown {
                (isKnown, isPrepared) = (false, false)
                _ = try await jobs.cancel()
            } catch let fault as JobFault where fault.cause == .role && role.isFresh {
                // What failed so costs nothing.
                logger.info("MediaConvert does not know the role yet: \(fault.serviceError.message)")
                _ = try await jobs.cancel()
                call.progress(0.3, "MediaConvert does not know its role yet")
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func found(_ output: ArtifactURI) async throws -> CloudLedger.Entry.Film? {
        try await artifacts.info(output).map { CloudLedger.Entry.Film(size: $0.size, modified: $0.modified) }
    }

    /// - Parameter isPrepared: whether the pieces are made.
    /// - Returns: the id of the job that made the film.
    private func run(
        _ film: CloudFilm, _ jobs: ConvertJobs, _ queueSeconds: Double?, _ call: Call, _ isPrepared: inout Bool,
        _ warnings: inout [String]
    ) async throws -> String {
        let edition = await jobs.edition
        var id = await jobs.known("film")
        if id == nil {
            let stages = film.stages
            var missing: [CloudPiece] = []
            for (index, stage) in stages.enumerated() where await jobs.known(film.stageName(index)) == nil {
                missing += stage
            }
            let role = try await role.find(for: film.buckets)
            if !isPrepared { warnings += try await make(missing, film, call) }
            isPrepared = true
            var inputs = try film.pieces.map { piece in try film.input(piece) }
            if stages.count > 1 {
                inputs = try await join(stages, film, jobs, role, queueSeconds, call)
            }
            id = try await jobs.obtain("film", order("film", inputs, film.target, film, role, edition))
        }
        guard let id else { throw ServiceError(.internal, "no MediaConvert job") }
        let job = try await jobs.wait(for: id, queueSeconds: queueSeconds) { fraction, message in
            call.progress(0.6 + 0.35 * fraction, message)
        }
        try await verify(film, job, call)
        if film.target != film.output {
            try await call.waiting(0.99, "storing \(film.output.name)") {
                try await artifacts.copy(film.target, to: film.output)
            }
        }
        if let made = try await found(film.output) { try await jobs.keep(made) }
        return id
    }

    /// Films of as many pieces as a job may have. -> the inputs of the job that joins those.
    private func join(
        _ stages: [ArraySlice<CloudPiece>], _ film: CloudFilm, _ jobs: ConvertJobs, _ role: String,
        _ queueSeconds: Double?, _ call: Call
    ) async throws -> [ConvertRequest.Input] {
        let edition = await jobs.edition
        var ids: [String] = []
        var inputs: [ConvertRequest.Input] = []
        for (index, stage) in stages.enumerated() {
            let file = try film.stageFile(index, edition: edition)
            var order = order(
                film.stageName(index), try stage.map { piece in try film.input(piece) }, file, film, role, edition)
            order.bitrate = Self.stageBitrate
            ids.append(try await jobs.obtain(film.stageName(index), order))
            inputs.append(ConvertRequest.Input(file: file.description, frames: nil))
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

    private func order(
        _ name: String, _ inputs: [ConvertRequest.Input], _ output: ArtifactURI, _ film: CloudFilm,
        _ role: String, _ edition: Int
    ) -> ConvertRequest {
        let token = ContentKey([
            "film": film.key, "edition": String(edition), "name": name, "role": role,
            "queue": settings.queue ?? "",
        ])
        return ConvertRequest(
            inputs: inputs, output: output.description, format: film.format, role: role, queue: settings.queue,
            token: token.text, label: String(film.output.description.suffix(200)))
    }

    /// Makes pieces and puts them into the bucket. -> what could not be used.
    private func make(_ pieces: [CloudPiece], _ film: CloudFilm, _ call: Call) async throws -> [String] {
        var warnings: [String] = []
        var waiting = pieces.makeIterator()
        var done = 0
        let shown = Mutex(0.0)
        let message = "making the pieces of \(film.output.name)"
        let onProgress: @Sendable () -> Void = { call.progress(shown.withLock { $0 }, message) }
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<Self.width {
                if let piece = waiting.next() { group.addTask { try await make(piece, film, call, onProgress) } }
            }
            while let found = try await group.next() {
                warnings += found
                done += 1
                shown.withLock { $0 = 0.3 * Double(done) / Double(pieces.count) }
                onProgress()
                if let piece = waiting.next() { group.addTask { try await make(piece, film, call, onProgress) } }
            }
        }
        return warnings
    }

    private func make(
        _ piece: CloudPiece, _ film: CloudFilm, _ call: Call, _ onProgress: @escaping @Sendable () -> Void
    ) async throws -> [String] {
        let (parts, format, crossing) = (film.parts, film.format, film.crossing)
        let fit: PictureFit = film.request.fit == .crop ? .crop : .letterBox
        switch piece.source {
        case .clip:
            return []
        case .part(let index):
            var recipe = FilmRecipe(parts: [parts[index]], format: format)
            recipe.fit = fit
            let ready = recipe
            return try await local.media.make(try film.file(of: piece), reporting: call) { path, cancelled in
                try Film.stitch(ready, output: path, cancelled: cancelled, progress: { _ in onProgress() }).warnings
            }.0
        case .fade(let index):
            return try await local.media.make(try film.file(of: piece), reporting: call) { path, cancelled in
                try FadeClip.make(
                    from: parts[index - 1], to: parts[index], crossing: crossing, format: format, fit: fit,
                    output: path, cancelled: cancelled)
            }.0
        }
    }

    /// Whether what MediaConvert calls complete is the film: there, new, decodes, as long as promised, with sound.
    private func verify(_ film: CloudFilm, _ job: MediaConvertClient.Job, _ call: Call) async throws {
        func fault(_ text: String) -> JobFault {
            let error = ServiceError(
                .corruptMedia, "the MediaConvert job \(job.id) is complete, but \(film.target) \(text)",
                provider: "mediaconvert")
            return JobFault(id: job.id, serviceError: error, cause: .film)
        }
        guard let info = try await artifacts.info(film.target), info.modified >= (job.createdAt ?? 0) - 1 else {
            throw fault("was not written")
        }
        let message = "looking at the film"
        let path = try await call.waiting(0.95, message) { try await artifacts.localPath(film.target) }
        let report: MediaReport
        do {
            report = try await local.media.blocking.run { cancelled in
                try MediaProbe.probe(
                    path, decode: true, cancelled: cancelled,
                    progress: { call.progress(0.95 + 0.04 * $0, message) })
            }
        } catch let error as MediaError where error.kind == .corruptMedia {
            throw fault("cannot be read: \(error.message)")
        }
        if report.decodedOK != true { throw fault("does not decode: \(report.problems.first ?? "unknown fault")") }
        guard abs(report.frames - film.frames) <= Self.tolerance else {
            throw fault("has \(report.frames) frames, promised were \(film.frames)")
        }
        guard report.streams.contains(where: { $0.type == "audio" }) else { throw fault("has no sound") }
    }

    // MARK: - Afterwards

    /// What is left to do when the film could not be had. -> what the caller is told.
    ///
    /// - Parameter goesOn: whether a job that was made goes on; it needs its inputs.
    private func settle(
        _ film: CloudFilm, _ jobs: ConvertJobs, after error: any Error, goesOn: Bool
    ) async -> any Error {
        var fault = JobFault(id: await jobs.known("film"), serviceError: ServiceError(wrapping: error))
        if let known = error as? JobFault {
            fault = known
            // Maybe the role is not what it was.
            role.forget()
        }
        if goesOn, await jobs.count > 0 { return fault }
        let edition = await jobs.edition
        let left = (try? await jobs.cancel()) ?? []
        guard left.isEmpty else {
            fault.serviceError.message +=
                "; \(left.joined(separator: ", ")) could not be cancelled and may still write \(film.target)"
            return fault
        }
        await clean(film, edition: edition)
        return fault
    }

    private func clean(_ film: CloudFilm, edition: Int) async {
        for file in film.leftovers(edition: edition) {
            do {
                try await artifacts.remove(file)
            } catch {
                logger.warning("cannot remove \(file): \(error.message)")
            }
        }
    }
}
