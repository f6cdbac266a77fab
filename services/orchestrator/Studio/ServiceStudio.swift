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

/// The studio that calls the services.
struct ServiceStudio: Studio {
    let pools: ServicePools
    let artifacts: Artifacts
    let store: ArtifactURI
    /// The first folder below the store.
    let root: String
    let prices: PriceList
    /// Who joins films of which the job does not say it, as far as their price goes.
    let stitchBackend: StitchBackend
    let events: EventSink

    func check(_ spec: JobSpec) throws(ServiceError) {
        for uri in try Narrations.passed(spec.pipelineData?["audio"]).values.sorted() {
            try artifacts.policy?.check(
                try ArtifactURI(uri), "/pipeline_data/audio: the narration", isConfined: spec.isConfined == true)
        }
    }

    func load(_ spec: JobSpec) async throws -> JobPlan {
        try check(spec)
        if let music = spec.options.music { _ = try given(music, spec, "the music") }
        let places = try places(spec)
        let storyboard = try await storyboard(spec, places)
        try checkOutputs(places, segments: storyboard.segments.map(\.id))
        await sweep(places)
        let frames = Timeline.frames(storyboard.segments.map(\.duration), at: spec.options.rate)
        var segments = zip(storyboard.segments, frames).map { segment, frames in
            PlannedSegment(
                id: segment.id, duration: segment.duration, frames: frames, guidance: segment.guidance,
                narration: segment.narration, audio: nil, audioStart: nil)
        }
        var warnings = try await Narrations(
            artifacts: artifacts, store: store, places: places, isConfined: spec.isConfined == true
        )
        .assign(to: &segments, storyboard: storyboard, pipelineData: spec.pipelineData)
        let fit = NarrationFit(spec.options)
        warnings += fit.apply(to: &segments, lengths: try await lengths(of: segments, for: fit))
        if segments.allSatisfy({ $0.audio == nil }) {
            warnings = Narrations.silent(
                warnings, segments: segments.map(\.id), place: try uri(places.narrations))
        }
        let backend = spec.options.stitchBackend ?? stitchBackend
        return JobPlan(
            segments: segments, storyboard: fit.storyboard(storyboard.json, of: segments),
            imagePrice: try await imagePrice(spec), clipPrice: prices.clip, stitchPrice: prices.stitch(backend),
            stitchBackend: backend, warnings: warnings)
    }

    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ wish: LeadWish?, key: String,
        _ hears: @escaping @Sendable (AgentSign) -> Void
    ) async throws -> AgentResult {
        let places = try places(spec)
        var options = spec.options
        options.maxCost = wish?.cost ?? options.maxCost
        var request = AgentRequest(
            agent: Agent.lead.service, jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID,
            supersessionID: spec.supersessionID, storyboard: plan.storyboard,
            audio: plan.segments.compactMap { segment in
                segment.audio.map { AgentAudio(segmentID: segment.id, audio: $0) }
            },
            outputPrefix: try uri(places.outputs).description, options: options, segments: wish?.segments)
        request.idempotencyKey = key
        return try await pools.call(
            AgentAPI.process, request, patience: .seconds(1), onSent: { hears(.sent) },
            onProgress: { hears(.progress($0)) })
    }

    func films(_ spec: JobSpec, _ plan: JobPlan, since: Timestamp) async throws -> [String] {
        let places = try places(spec)
        var own: Set = [try uri(places.film)]
        for segment in plan.segments {
            own.insert(try uri(places.clip(segment.id)))
            own.insert(try uri(places.leadClip(segment.id)))
        }
        var films: [String] = []
        for file in try await artifacts.list(try uri(places.outputs)) where !own.contains(file) {
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
        let places = try places(spec)
        let series = order.series > 0 ? "/\(order.series)" : ""
        var image = try await pools.call(
            ImageGenAPI.generate,
            GenerateImage(
                prompt: segment.guidance, width: spec.options.width ?? JobDefaults.width,
                height: spec.options.height ?? JobDefaults.height,
                output: try uri(places.still(segment.id)).description,
                provider: provider,
                idempotencyKey: "\(spec.jobID)/\(segment.id)/\(order.edition)/\(provider ?? "default")\(series)",
                // Who has a segment drawn again wants another picture.
                fresh: order.edition > 0 ? true : nil,
                attempt: provider == StillProvider.card ? 0 : order.attempt, maxCost: order.maxCost))
        image = image.bounded
        if var fault = AgentAnswer.longName(image.image, of: "imagegen") {
            (fault.wasted, fault.unknown) = (image.cost + (image.wasted ?? .zero), image.unknown ?? .zero)
            throw fault
        }
        if image.cached, image.saved == nil {
            image.saved = max(prices.image(provider: image.provider, model: image.model) - image.cost, .zero)
        }
        return image
    }

    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip {
        let places = try places(spec)
        let (segment, options) = (plan.segments[index], spec.options)
        var request = CreateClip(
            image: image, duration: max(options.rate.seconds(segment.frames), 0.1),
            output: try uri(places.clip(segment.id)).description)
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
        if let fault = AgentAnswer.longName(clip.clip, of: "clipper") { throw fault }
        return clip
    }

    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio {
        guard let audio = segment.audio else { throw ServiceError(.internal, "\(segment.id) has no narration") }
        return try await pools.call(
            ClipperAPI.replaceAudio,
            ReplaceAudio(
                clip: clip, audio: audio, output: clip, audioStart: segment.audioStart, tempo: segment.tempo))
    }

    func stitch(_ clips: [StitchClip], reencodes: Bool, _ spec: JobSpec) async throws -> Stitched {
        let options = spec.options
        var request = Stitch(clips: clips, output: try uri(try places(spec).film).description)
        (request.mode, request.fade) = (options.mode, options.fade)
        (request.fadeIn, request.fadeOut, request.fit) = (options.fadeIn, options.fadeOut, options.fit)
        (request.backend, request.captions, request.loudness) = (
            options.stitchBackend, options.captions, options.loudness
        )
        request.music = try options.music.map { try given($0, spec, "the music").description }
        request.musicLevel = options.musicLevel
        (request.width, request.height, request.fps) = (options.width, options.height, options.fps)
        if reencodes { (request.reencode, request.backend) = (true, .local) }
        let film = try await pools.call(StitcherAPI.stitch, request)
        for name in [film.video] + (film.captions ?? []) {
            if let fault = AgentAnswer.longName(name, of: "stitcher") { throw fault }
        }
        return film
    }

    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> CheckedFilm {
        let rate = spec.options.rate
        let seconds = rate.seconds(plan.segments.reduce(0) { $0 + $1.frames })
        let probe = try await films.check(
            video, seconds: seconds, fps: rate.framesPerSecond, whose: "the film",
            narrations: plan.narrations(areFitted: true))
        try await write(probe.report, spec)
        // How loud the narrations are is their maker's choice, unless the job was to change it.
        let chosen = spec.options.loudness == nil ? ["loudness", "true_peak"] : []
        var warnings = (probe.report?.points ?? []).filter { !$0.isPassed && !chosen.contains($0.name) }.map { point in
            "the film's \(point.name) is \(point.measured), expected \(point.target)"
        }
        if probe.isSilent { warnings.append("the film is silent") }
        return CheckedFilm(video: video, seconds: probe.seconds, warnings: warnings)
    }

    func write(_ receipt: Receipt, _ spec: JobSpec) async throws {
        let places = try places(spec)
        // Nobody writes here any more: what lies half written was left by services that were killed.
        try? await artifacts.sweep(try uri(places.outputs), olderThan: 0)
        let text = try JSONCoding.pretty(receipt) + "\n"
        try await artifacts.write(Data(text.utf8), to: try uri(places.receipt))
    }

    func log(_ type: String, _ data: JSONValue) { events.send(type, data) }

    func write(_ report: DeliveryReport?, _ spec: JobSpec) async throws {
        guard let report else { return }
        let text = try JSONCoding.pretty(report) + "\n"
        try await artifacts.write(Data(text.utf8), to: try uri(try places(spec).report))
    }

    func adopt(_ image: String, _ spec: JobSpec) async throws -> GeneratedImage {
        let file = try given(image, spec, "the picture")
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no picture \(file)")
        }
        // What it really measures shows when its clip is made; it is brought to the film's size there.
        return GeneratedImage(
            image: file.description, width: spec.options.width ?? JobDefaults.width,
            height: spec.options.height ?? JobDefaults.height, mediaType: "image/*", provider: StillProvider.given,
            model: StillProvider.given, cost: .zero, attempts: 1, cached: false)
    }

    /// What a user names by a URI, or by a path in the session's folder; only from the store and what
    /// `UNDERSTUDY_ALLOW_PATHS` lists.
    private func given(_ text: String, _ spec: JobSpec, _ what: String) throws(ServiceError) -> ArtifactURI {
        let file = text.contains("://") ? try ArtifactURI(text) : try uri("\(try places(spec).folder)/\(text)")
        try artifacts.confine(file, what)
        return file
    }

    func imageProviders() async -> [String] {
        let list = try? await pools.call(ImageGenAPI.providers, NoParams(), patience: .seconds(1))
        return list?.providers.map(\.name) ?? []
    }

    func imageBreaker(_ provider: String, _ action: BreakerAction) async throws -> BreakerView {
        try await pools.call(ImageGenAPI.breaker, ProviderBreakerRequest(provider: provider, action: action))
    }

    // MARK: -

    /// Makes sure that what the job writes can be written, before anything is paid for.
    ///
    /// - Throws: `unauthorized` for a link that leads out of the allowed places; `conflict` for what is not a regular file.
    private func checkOutputs(_ places: Places, segments: [String]) throws(ServiceError) {
        var outputs = [places.film, places.report, places.receipt]
        for id in segments { outputs += [places.still(id), places.clip(id), places.leadClip(id)] }
        for output in outputs { _ = try artifacts.target(try uri(output).description, at: "/session_id") }
    }

    /// Removes what writers that died left of their files; no other job writes this session's folders now.
    private func sweep(_ places: Places) async {
        for place in [places.storyboards, places.narrations, places.outputs] {
            guard let folder = try? uri(place) else { continue }
            try? await artifacts.sweep(folder, olderThan: Self.staleSeconds)
        }
    }

    /// Seconds after which nobody writes to a temporary file any more.
    private static let staleSeconds = 600

    var films: FilmCheck { FilmCheck(pools: pools) }

    func places(_ spec: JobSpec) throws(ServiceError) -> Places {
        try Places(root: root, userID: spec.userID, sessionID: spec.sessionID)
    }

    func uri(_ place: String) throws(ServiceError) -> ArtifactURI { try store.appending(place) }

    func storyboard(_ spec: JobSpec, _ places: Places) async throws -> Storyboard {
        if let inline = spec.pipelineData?["storyboard"], inline != .null {
            return try Storyboard(inline, name: "pipeline_data/storyboard")
        }
        let file = try uri(places.storyboard)
        try artifacts.confine(file, "the storyboard")
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no storyboard at \(file)")
        }
        return try Storyboard(try await artifacts.read(file, maximum: Storyboard.maximumBytes), name: file.description)
    }

    /// The price matters only where a limit is set; asking the provider list then is cheaper than a wrong guess.
    private func imagePrice(_ spec: JobSpec) async throws -> USD {
        guard spec.options.maxCost != nil else {
            return prices.image(provider: spec.options.imageProvider ?? "default")
        }
        return try await imageProvider(spec).cost
    }

    /// Who will draw the job's stills.
    ///
    /// - Throws: `invalid_params` that names those that are configured.
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
            // Whoever of the chain draws in the end: what is promised is enough.
            let asked = list.providers.filter { chain.contains($0.name) }
            chosen.cost = asked.map(\.cost).max() ?? chosen.cost
            chosen.needsNetwork = asked.contains(where: \.needsNetwork)
        }
        return chosen
    }

    /// An agent's file counts only where it was told to put it.
    func own(_ text: String, _ spec: JobSpec, _ whose: String) throws(ServiceError) -> ArtifactURI {
        let folder = try uri(try places(spec).outputs)
        let file = try ArtifactURI(text)
        guard file.isBelow(folder) else {
            throw ServiceError(.unauthorized, "\(whose) lies at \(file), outside its output folder \(folder)")
        }
        try artifacts.confine(file, whose)
        return file
    }
}

extension JobPlan {
    /// What the film's sound should be.
    ///
    /// - Parameter areFitted: whether the narrations are heard at the tempo of this job; a lead chooses its own.
    func narrations(areFitted: Bool) -> [ProbeNarration] {
        segments.map { segment in
            ProbeNarration(
                segmentID: segment.id, duration: segment.duration, audio: segment.audio,
                audioStart: segment.audioStart, tempo: areFitted ? segment.tempo : nil)
        }
    }
}
