// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import JSONRPC
import ServiceKit
import ServicePool

/// Estimates the cost and duration of a job's fallback without making any paid call.
struct Estimator: Sendable {
    let services: RemoteJobServices
    let pools: ServicePools

    /// Estimates a job.
    ///
    /// - Throws: the error with which the job would fail to start, e.g. for an invalid storyboard or an unknown image provider.
    func estimate(_ spec: JobSpec) async throws -> Estimate {
        let plan = try await services.load(spec)
        let provider = try await services.imageProvider(spec)
        let calls = Self.calls(plan, image: provider.cost, stitch: plan.stitchPrice ?? .zero)
        let cost = calls.reduce(.zero) { $0 + $1.cost }
        let film = plan.segments.reduce(0) { $0 + $1.duration }
        var durations = CallDurations(
            image: provider.needsNetwork ? 20 : 0.4, clip: 0.3, narration: 0.2, stitch: film * 0.03, check: film * 0.03)
        await durations.update(from: pools)
        return Estimate(
            segments: plan.segments.count, filmDuration: film, calls: calls, cost: cost, maxCost: spec.options.maxCost,
            isWithinBudget: spec.options.maxCost.map { cost <= $0 } ?? true,
            seconds: durations.seconds(
                plan, imageConcurrency: spec.options.imageConcurrency ?? JobDefaults.imageConcurrency),
            warnings: plan.warnings)
    }

    /// The calls of the fallback, in the order of the work.
    ///
    /// - Parameters:
    ///   - image: the price of one still.
    ///   - stitch: the price of the stitching.
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
