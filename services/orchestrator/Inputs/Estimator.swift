import Calls
import Contracts
import JSONRPC
import ServiceKit
import ServicePool

/// Says what the understudy's part of a job would cost and take, and does none of it.
struct Estimator: Sendable {
    let studio: ServiceStudio
    let pools: ServicePools

    /// - Throws: what stands in the way of the job: a storyboard with its violations, a provider that is not configured.
    func estimate(_ spec: JobSpec) async throws -> Estimate {
        let plan = try await studio.load(spec)
        let provider = try await studio.imageProvider(spec)
        let calls = Self.calls(plan, image: provider.cost, stitch: plan.stitchPrice ?? .zero)
        let cost = calls.reduce(.zero) { $0 + $1.cost }
        let film = plan.segments.reduce(0) { $0 + $1.duration }
        var pace = Pace(
            image: provider.needsNetwork ? 20 : 0.4, clip: 0.3, narration: 0.2, stitch: film * 0.03, check: film * 0.03)
        await pace.learn(from: pools)
        return Estimate(
            segments: plan.segments.count, film: film, calls: calls, cost: cost, maxCost: spec.options.maxCost,
            fits: spec.options.maxCost.map { cost <= $0 } ?? true,
            seconds: pace.seconds(plan, imagesAtATime: spec.options.imageConcurrency ?? JobDefaults.imageConcurrency),
            warnings: plan.warnings)
    }

    /// The calls in the order of the work; those of no number are left out.
    static func calls(_ plan: JobPlan, image: USD, stitch: USD) -> [EstimatedCall] {
        let (count, narrated) = (plan.segments.count, plan.segments.count { $0.audio != nil })
        return [
            EstimatedCall(ImageGenAPI.generate, count: count, unit: image),
            EstimatedCall(ClipperAPI.create, count: count, unit: plan.clipPrice),
            EstimatedCall(ClipperAPI.replaceAudio, count: narrated, unit: .zero),
            EstimatedCall(StitcherAPI.stitch, count: 1, unit: stitch),
            EstimatedCall(ClipperAPI.probe, count: 1, unit: .zero),
        ].filter { $0.count > 0 }
    }
}

/// Seconds that one call takes.
struct Pace: Sendable {
    var image: Double
    var clip: Double
    var narration: Double
    /// Joining the whole film.
    var stitch: Double
    /// Decoding it.
    var check: Double

    /// Clips that a `clipper` makes at a time.
    private static let clipsAtATime = 2.0

    /// Takes the medians of the services that have worked already; where they have not, what was assumed stays.
    mutating func learn(from pools: ServicePools) async {
        image = await Self.median(ImageGenAPI.generate, pools) ?? image
        clip = await Self.median(ClipperAPI.create, pools) ?? clip
        narration = await Self.median(ClipperAPI.replaceAudio, pools) ?? narration
        stitch = await Self.median(StitcherAPI.stitch, pools) ?? stitch
        check = await Self.median(ClipperAPI.probe, pools) ?? check
    }

    /// Seconds of a whole job: clips are made while further stills are drawn, the film when all are done.
    func seconds(_ plan: JobPlan, imagesAtATime: Int) -> Double {
        let count = plan.segments.count
        let rounds = (count + imagesAtATime - 1) / max(imagesAtATime, 1)
        let narrated = plan.segments.count { $0.audio != nil }
        let clips = (Double(count) * clip + Double(narrated) * narration) / Self.clipsAtATime
        let total = max(Double(rounds) * image + clip, clips) + stitch + check
        return (total * 10).rounded() / 10
    }

    private static func median<P, R>(_ method: Method<P, R>, _ pools: ServicePools) async -> Double? {
        guard let service = method.service else { return nil }
        let stats = try? await pools.call(ServiceStats.method.of(service), NoParams(), patience: .seconds(1))
        return stats?.methods[method.name]?.p50
    }
}
