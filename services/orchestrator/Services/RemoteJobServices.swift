// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import JobFiles
import Prices
import ServicePool
import Timebase

/// The job services that call the other services of the stack.
struct RemoteJobServices: JobServices {
    let pools: ServicePools
    let artifacts: Artifacts
    let store: ArtifactURI
    /// The name of the first folder in the store.
    let root: String
    let prices: PriceList
    /// The stitching backend assumed for jobs that do not choose one; determines their price.
    let stitchBackend: StitchBackend
    let events: EventSink

    func check(_ spec: JobSpec) throws(ServiceError) {
        for uri in try NarrationAssigner.passed(spec.pipelineData?["audio"]).values.sorted() {
            try artifacts.policy?.check(
                try ArtifactURI(uri), "/pipeline_data/audio: the narration", isConfined: spec.isConfined == true)
        }
    }

    func load(_ spec: JobSpec) async throws -> JobPlan {
        try check(spec)
        if let music = spec.options.music { _ = try userArtifact(music, spec, "the music") }
        let paths = try paths(spec)
        let storyboard = try await storyboard(spec, paths)
        try checkOutputs(paths, segments: storyboard.segments.map(\.id))
        await removeStaleFiles(paths)
        let frames = Timeline.frames(storyboard.segments.map(\.duration), at: spec.options.rate)
        var segments = zip(storyboard.segments, frames).map { segment, frames in
            PlannedSegment(
                id: segment.id, duration: segment.duration, frames: frames, guidance: segment.guidance,
                narration: segment.narration, audio: nil, audioStart: nil)
        }
        var warnings = try await NarrationAssigner(
            artifacts: artifacts, store: store, paths: paths, isConfined: spec.isConfined == true
        )
        .assign(to: &segments, storyboard: storyboard, pipelineData: spec.pipelineData)
        let fit = NarrationFit(spec.options)
        warnings += fit.apply(to: &segments, lengths: try await lengths(of: segments, for: fit))
        if segments.allSatisfy({ $0.audio == nil }) {
            warnings = NarrationAssigner.silent(
                warnings, segments: segments.map(\.id), folder: try uri(paths.narrations))
        }
        let backend = spec.options.stitchBackend ?? stitchBackend
        return JobPlan(
            segments: segments, storyboard: fit.storyboard(storyboard.json, of: segments),
            imagePrice: try await imagePrice(spec), clipPrice: prices.clip, stitchPrice: prices.stitch(backend),
            stitchBackend: backend, warnings: warnings)
    }

    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ request: LeadClipRequest?, key: String, isRepeated: Bool,
        _ onActivity: @escaping @Sendable (AgentActivity) -> Void
    ) async throws -> AgentResult {
        let paths = try paths(spec)
        var options = spec.options
        options.maxCost = request?.cost ?? options.maxCost
        var request = AgentRequest(
            agent: Agent.lead.service, jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID,
            supersessionID: spec.supersessionID, storyboard: plan.storyboard,
            audio: plan.segments.compactMap { segment in
                segment.audio.map { AgentAudio(segmentID: segment.id, audio: $0) }
            },
            outputPrefix: try uri(paths.outputs).description, options: options, segments: request?.segments)
        request.idempotencyKey = key
        return try await pools.call(
            AgentAPI.process, request, replicaTimeout: isRepeated ? ServicePools.restartTimeout : .seconds(1),
            onSent: { onActivity(.sent) },
            onProgress: { onActivity(.progress($0)) })
    }

    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String] {
        let paths = try paths(spec)
        var ownFiles: Set = [try uri(paths.film)]
        for segment in plan.segments {
            ownFiles.insert(try uri(paths.clip(segment.id)))
            ownFiles.insert(try uri(paths.leadClip(segment.id)))
        }
        var films: [String] = []
        for file in try await artifacts.list(try uri(paths.outputs)) where !ownFiles.contains(file) {
            let ending = file.name.split(separator: ".").last.map { $0.lowercased() } ?? ""
            guard ["mp4", "mov", "m4v", "webm", "mkv", "ts"].contains(ending),
                let info = try await artifacts.info(file),
                info.modified * 1000 >= Double(since.milliseconds)
            else { continue }
            films.append(file.description)
        }
        return films
    }

    func draw(
        _ segment: PlannedSegment, _ order: StillOrder, provider: String?, _ spec: JobSpec
    ) async throws -> GeneratedImage {
        let paths = try paths(spec)
        let series = order.series > 0 ? "/\(order.series)" : ""
        var image = try await pools.call(
            ImageGenAPI.generate,
            GenerateImage(
                prompt: segment.guidance, width: spec.options.width ?? JobDefaults.width,
                height: spec.options.height ?? JobDefaults.height,
                output: try uri(paths.still(segment.id)).description,
                provider: provider,
                idempotencyKey: "\(spec.jobID)/\(segment.id)/\(order.edition)/\(provider ?? "default")\(series)",
                // A segment that was reset needs a different image.
                fresh: order.edition > 0 ? true : nil,
                attempt: provider == StillProvider.card ? 0 : order.attempt, maxCost: order.maxCost))
        image = image.bounded
        if var error = AgentResultCheck.lengthError(image.image, of: "imagegen") {
            (error.wasted, error.unknown) = (image.cost + (image.wasted ?? .zero), image.unknown ?? .zero)
            throw error
        }
        if image.isCached, image.saved == nil {
            image.saved = max(prices.image(provider: image.provider, model: image.model) - image.cost, .zero)
        }
        return image
    }

    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip {
        let paths = try paths(spec)
        let (segment, options) = (plan.segments[index], spec.options)
        var request = CreateClip(
            image: image, duration: max(options.rate.seconds(segment.frames), 0.1),
            output: try uri(paths.clip(segment.id)).description)
        request.motion = options.motion
        request.segmentID = segment.id
        request.position = index
        (request.width, request.height, request.fps) = (options.width, options.height, options.fps)
        request.boundary = options.mode == .fade ? options.fade ?? JobDefaults.fade : nil
        if index == 0, let opening = options.fadeIn { request.keyFrames = [opening] }
        if options.captions == .burned {
            request.captions = .burned
            (request.text, request.audio) = (segment.narration, segment.audio)
            (request.audioStart, request.tempo) = (segment.audioStart, segment.tempo)
        }
        let clip = try await pools.call(ClipperAPI.create, request)
        if let error = AgentResultCheck.lengthError(clip.clip, of: "clipper") { throw error }
        return clip
    }

    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio {
        guard let audio = segment.audio else { throw ServiceError(.internal, "\(segment.id) has no narration") }
        return try await pools.call(
            ClipperAPI.replaceAudio,
            ReplaceAudio(
                clip: clip, audio: audio, output: clip, audioStart: segment.audioStart, tempo: segment.tempo))
    }

    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> StitchedFilm {
        let options = spec.options
        var request = StitchFilm(clips: clips, output: try uri(try paths(spec).film).description)
        (request.mode, request.fade) = (options.mode, options.fade)
        (request.fadeIn, request.fadeOut, request.fit) = (options.fadeIn, options.fadeOut, options.fit)
        (request.backend, request.captions, request.loudness) = (
            options.stitchBackend, options.captions, options.loudness
        )
        request.music = try options.music.map { try userArtifact($0, spec, "the music").description }
        request.musicLevel = options.musicLevel
        (request.width, request.height, request.fps) = (options.width, options.height, options.fps)
        if reencodes { (request.reencode, request.backend) = (true, .local) }
        let film = try await pools.call(StitcherAPI.stitch, request)
        for name in [film.video] + (film.captions ?? []) {
            if let error = AgentResultCheck.lengthError(name, of: "stitcher") { throw error }
        }
        return film
    }

    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> VerifiedFilm {
        let rate = spec.options.rate
        let seconds = rate.seconds(plan.segments.reduce(0) { $0 + $1.frames })
        let probe = try await films.check(
            video, seconds: seconds, fps: rate.framesPerSecond, subject: "the film",
            narrations: plan.narrations(areFitted: true))
        try await write(probe.report, spec)
        // The loudness of the narrations is not checked unless the job normalizes it.
        let unchecked = spec.options.loudness == nil ? ["loudness", "true_peak"] : []
        var warnings = (probe.report?.points ?? []).filter { !$0.isPassed && !unchecked.contains($0.name) }.map {
            point in
            "the film's \(point.name) is \(point.measured), expected \(point.target)"
        }
        if probe.isSilent { warnings.append("the film is silent") }
        return VerifiedFilm(video: video, seconds: probe.seconds, warnings: warnings)
    }

    func write(_ receipt: Receipt, _ spec: JobSpec) async throws {
        let paths = try paths(spec)
        // No service writes here any more, so temporary files were left by services that were killed.
        try? await artifacts.sweep(try uri(paths.outputs), olderThan: 0)
        let text = try JSONCoding.pretty(receipt) + "\n"
        try await artifacts.write(Data(text.utf8), to: try uri(paths.receipt))
    }

    func log(_ type: String, _ data: JSONValue) { events.send(type, data) }

    func write(_ report: DeliveryReport?, _ spec: JobSpec) async throws {
        guard let report else { return }
        let text = try JSONCoding.pretty(report) + "\n"
        try await artifacts.write(Data(text.utf8), to: try uri(try paths(spec).report))
    }

    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage {
        let file = try userArtifact(image, spec, "the image")
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no image at \(file)")
        }
        // `clipper` reads the actual size and scales the image to the film's size.
        return GeneratedImage(
            image: file.description, width: spec.options.width ?? JobDefaults.width,
            height: spec.options.height ?? JobDefaults.height, mediaType: "image/*", provider: StillProvider.userImage,
            model: StillProvider.userImage, cost: .zero, attempts: 1, isCached: false)
    }

    /// The artifact that a user names by a URI or by a path in the session's folder.
    ///
    /// - Throws: `unauthorized` for an artifact that is neither in the store nor in a folder of `UNDERSTUDY_ALLOW_PATHS`.
    private func userArtifact(_ text: String, _ spec: JobSpec, _ subject: String) throws(ServiceError) -> ArtifactURI {
        let file = text.contains("://") ? try ArtifactURI(text) : try uri("\(try paths(spec).folder)/\(text)")
        try artifacts.confine(file, subject)
        return file
    }

    func imageProviders() async -> [String] {
        let list = try? await pools.call(ImageGenAPI.providers, NoParams(), replicaTimeout: .seconds(1))
        return list?.providers.map(\.name) ?? []
    }

    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView {
        try await pools.call(ImageGenAPI.breaker, ProviderBreakerRequest(provider: provider, action: action))
    }

    // MARK: -

    /// Checks that the job's output files can be written, before anything is paid for.
    ///
    /// - Throws: `unauthorized` for a link that leads out of the allowed folders; `conflict` for an existing path that is not a regular
    ///   file.
    private func checkOutputs(_ paths: JobFilePaths, segments: [String]) throws(ServiceError) {
        var outputs = [paths.film, paths.report, paths.receipt]
        for id in segments { outputs += [paths.still(id), paths.clip(id), paths.leadClip(id)] }
        for output in outputs { _ = try artifacts.target(try uri(output).description, at: "/session_id") }
    }

    /// Removes temporary files of writers that died. No other job writes the session's folders now.
    private func removeStaleFiles(_ paths: JobFilePaths) async {
        for path in [paths.storyboards, paths.narrations, paths.outputs] {
            guard let folder = try? uri(path) else { continue }
            try? await artifacts.sweep(folder, olderThan: Self.staleAge)
        }
    }

    /// The age in seconds from which a temporary file is considered abandoned.
    private static let staleAge = 600

    /// The check of films and clips.
    var films: FilmCheck { FilmCheck(pools: pools) }

    /// The paths of a job's files.
    func paths(_ spec: JobSpec) throws(ServiceError) -> JobFilePaths {
        try JobFilePaths(root: root, userID: spec.userID, sessionID: spec.sessionID)
    }

    /// The artifact URI of a path of `JobFilePaths`.
    func uri(_ path: String) throws(ServiceError) -> ArtifactURI { try store.appending(path) }

    /// Reads the storyboard from `pipeline_data`, or else from the session's folder.
    func storyboard(_ spec: JobSpec, _ paths: JobFilePaths) async throws -> Storyboard {
        if let inline = spec.pipelineData?["storyboard"], inline != .null {
            return try Storyboard(inline, name: "pipeline_data/storyboard")
        }
        let file = try uri(paths.storyboard)
        try artifacts.confine(file, "the storyboard")
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no storyboard at \(file)")
        }
        return try Storyboard(try await artifacts.read(file, maximum: Storyboard.maximumBytes), name: file.description)
    }

    /// The price of one image. With a limit, it is taken from the provider list, because a wrong estimate would stop the job.
    private func imagePrice(_ spec: JobSpec) async throws -> USD {
        guard spec.options.maxCost != nil else {
            return prices.image(provider: spec.options.imageProvider ?? "default")
        }
        return try await imageProvider(spec).cost
    }

    /// The image provider that draws the job's stills. Without a chosen provider, the most expensive one of the chain determines the cost.
    ///
    /// - Throws: `invalid_params` with the names of the configured providers.
    func imageProvider(_ spec: JobSpec) async throws -> ImageProviderInfo {
        let list = try await pools.call(ImageGenAPI.providers, NoParams())
        let chosen = list.providers.first { provider in
            spec.options.imageProvider.map { $0 == provider.name } ?? provider.isDefault
        }
        guard var chosen else {
            let known = list.providers.map(\.name).joined(separator: ", ")
            throw ServiceError.invalidParams(at: "/options/image_provider", expected: "one of \(known)")
        }
        if spec.options.imageProvider == nil, let chain = list.chain {
            // Any provider of the chain may draw the still, so the estimate must cover all of them.
            let candidates = list.providers.filter { chain.contains($0.name) }
            chosen.cost = candidates.map(\.cost).max() ?? chosen.cost
            chosen.needsNetwork = candidates.contains(where: \.needsNetwork)
        }
        return chosen
    }

    /// The artifact URI of a file that the lead delivered.
    ///
    /// - Throws: `unauthorized` for a file outside the lead's output folder.
    func outputURI(_ text: String, _ spec: JobSpec, _ subject: String) throws(ServiceError) -> ArtifactURI {
        let folder = try uri(try paths(spec).outputs)
        let file = try ArtifactURI(text)
        guard file.isBelow(folder) else {
            throw ServiceError(.unauthorized, "\(subject) is at \(file), outside its output folder \(folder)")
        }
        try artifacts.confine(file, subject)
        return file
    }
}

extension JobPlan {
    /// The expected sound of the film, to be compared with its measured sound.
    ///
    /// - Parameter areFitted: whether the narrations have the job's tempo; the lead chooses its own tempo.
    func narrations(areFitted: Bool) -> [ProbeNarration] {
        segments.map { segment in
            ProbeNarration(
                segmentID: segment.id, duration: segment.duration, audio: segment.audio,
                audioStart: segment.audioStart, tempo: areFitted ? segment.tempo : nil)
        }
    }
}
