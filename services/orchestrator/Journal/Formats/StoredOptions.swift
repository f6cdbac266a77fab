// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The stored format of job options.
struct StoredOptions: Codable {
    var mode: String?
    /// Seconds.
    var fade: Double?
    /// Seconds.
    var fadeIn: Double?
    /// Seconds.
    var fadeOut: Double?
    var motion: StoredMotion?
    var fit: String?
    /// Pixels.
    var width: Int?
    /// Pixels.
    var height: Int?
    /// Frames per second.
    var fps: Double?
    var imageProvider: String?
    var imageConcurrency: Int?
    var stitchBackend: String?
    var captions: String?
    var fitNarration: String?
    /// LUFS.
    var loudness: Double?
    /// An artifact URI.
    var music: String?
    /// dB relative to the file.
    var musicLevel: Double?
    /// US dollars.
    var maxCost: Double?
    /// Seconds.
    var agent5Timeout: Double?
    /// Seconds.
    var agent5Stall: Double?
    /// Seconds.
    var agent5FirstProgress: Double?
    /// Seconds.
    var agent5Queue: Double?
    var whenBusy: String?
    var priority: Int?
    var onImageFailure: String?
    var fallback: String?
    /// 0 to 1.
    var leadFaultShare: Double?
    var hedge: String?
    /// Seconds.
    var hedgeAfter: Double?
    /// US dollars.
    var hedgeMaxCost: Double?

    private enum CodingKeys: String, CodingKey {
        case mode, motion, fit, width, height, fps, captions, music, fallback, hedge, priority
        case fade = "fade_s"
        case fadeIn = "fade_in_s"
        case fadeOut = "fade_out_s"
        case musicLevel = "music_level_db"
        case fitNarration = "fit_narration"
        case imageProvider = "image_provider"
        case imageConcurrency = "image_concurrency"
        case stitchBackend = "stitch_backend"
        case loudness = "loudness_lufs"
        case hedgeAfter = "hedge_after_s"
        case hedgeMaxCost = "hedge_max_cost_usd"
        case maxCost = "max_cost_usd"
        case agent5Timeout = "agent5_timeout_s"
        case agent5Stall = "agent5_stall_s"
        case agent5FirstProgress = "agent5_first_progress_s"
        case agent5Queue = "agent5_queue_s"
        case whenBusy = "when_busy"
        case onImageFailure = "on_image_failure"
        case leadFaultShare = "lead_fault_share"
    }

    /// - Throws: `EncodingError` for a value without a stored name.
    init(_ options: JobOptions) throws {
        mode = try options.mode.map(StoredNames.modes.name)
        fade = options.fade
        fadeIn = options.fadeIn
        fadeOut = options.fadeOut
        motion = try options.motion.map(StoredMotion.init)
        fit = try options.fit.map(StoredNames.fits.name)
        width = options.width
        height = options.height
        fps = options.fps
        imageProvider = options.imageProvider
        imageConcurrency = options.imageConcurrency
        stitchBackend = try options.stitchBackend.map(StoredNames.backends.name)
        captions = try options.captions.map(StoredNames.captions.name)
        fitNarration = try options.fitNarration.map(StoredNames.fittings.name)
        loudness = options.loudness
        music = options.music
        musicLevel = options.musicLevel
        maxCost = options.maxCost?.dollars
        agent5Timeout = options.agent5Timeout
        agent5Stall = options.agent5Stall
        agent5FirstProgress = options.agent5FirstProgress
        agent5Queue = options.agent5Queue
        whenBusy = try options.whenBusy.map(StoredNames.busyPolicies.name)
        priority = options.priority
        onImageFailure = try options.onImageFailure.map(StoredNames.imageFailurePolicies.name)
        fallback = try options.fallback.map(StoredNames.scopes.name)
        leadFaultShare = options.leadFaultShare
        hedge = try options.hedge.map(StoredNames.hedges.name)
        hedgeAfter = options.hedgeAfter
        hedgeMaxCost = options.hedgeMaxCost?.dollars
    }

    /// The stored options.
    ///
    /// - Throws: `DecodingError` for an unknown name.
    func value() throws -> JobOptions {
        func named<Value>(_ name: String?, _ key: CodingKeys, _ names: NameTable<Value>) throws -> Value? {
            guard let name else { return nil }
            guard let value = names[name] else { throw DecodingError.unknownName(at: key, of: names.all) }
            return value
        }
        var options = JobOptions()
        options.mode = try named(mode, .mode, StoredNames.modes)
        options.fade = fade
        options.fadeIn = fadeIn
        options.fadeOut = fadeOut
        options.motion = try motion?.value()
        options.fit = try named(fit, .fit, StoredNames.fits)
        options.width = width
        options.height = height
        options.fps = fps
        options.imageProvider = imageProvider
        options.imageConcurrency = imageConcurrency
        options.stitchBackend = try named(stitchBackend, .stitchBackend, StoredNames.backends)
        options.captions = try named(captions, .captions, StoredNames.captions)
        options.fitNarration = try named(fitNarration, .fitNarration, StoredNames.fittings)
        options.loudness = loudness
        options.music = music
        options.musicLevel = musicLevel
        options.maxCost = maxCost.map { USD($0) }
        options.agent5Timeout = agent5Timeout
        options.agent5Stall = agent5Stall
        options.agent5FirstProgress = agent5FirstProgress
        options.agent5Queue = agent5Queue
        options.whenBusy = try named(whenBusy, .whenBusy, StoredNames.busyPolicies)
        options.priority = priority
        options.onImageFailure = try named(onImageFailure, .onImageFailure, StoredNames.imageFailurePolicies)
        options.fallback = try named(fallback, .fallback, StoredNames.scopes)
        options.leadFaultShare = leadFaultShare
        options.hedge = try named(hedge, .hedge, StoredNames.hedges)
        options.hedgeAfter = hedgeAfter
        options.hedgeMaxCost = hedgeMaxCost.map { USD($0) }
        return options
    }
}
