// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import JSONRPC
import ServiceKit
import ServicePool

/// The expected duration of each kind of call in seconds.
struct CallDurations: Sendable {
    var image: Double
    var clip: Double
    var narration: Double
    /// Stitching the whole film.
    var stitch: Double
    /// Checking the whole film.
    var check: Double

    /// The number of clips that one `clipper` makes concurrently.
    private static let clipConcurrency = 2.0

    /// Replaces the assumed durations by the medians that running services report.
    mutating func update(from pools: ServicePools) async {
        image = await Self.median(ImageGenAPI.generate, pools) ?? image
        clip = await Self.median(ClipperAPI.create, pools) ?? clip
        narration = await Self.median(ClipperAPI.replaceAudio, pools) ?? narration
        stitch = await Self.median(StitcherAPI.stitch, pools) ?? stitch
        check = await Self.median(ClipperAPI.probe, pools) ?? check
    }

    /// The expected duration of a whole job in seconds. Clips are made while further stills are drawn; the film is made last.
    func seconds(_ plan: JobPlan, imageConcurrency: Int) -> Double {
        let count = plan.segments.count
        let rounds = (count + imageConcurrency - 1) / max(imageConcurrency, 1)
        let narrated = plan.segments.count { $0.audio != nil }
        let clips = (Double(count) * clip + Double(narrated) * narration) / Self.clipConcurrency
        let total = max(Double(rounds) * image + clip, clips) + stitch + check
        return (total * 10).rounded() / 10
    }

    private static func median<P, R>(_ method: Method<P, R>, _ pools: ServicePools) async -> Double? {
        guard let service = method.service else { return nil }
        let stats = try? await pools.call(ServiceStats.method.of(service), NoParams(), replicaTimeout: .seconds(1))
        return stats?.methods[method.name]?.p50
    }
}
