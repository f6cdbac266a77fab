// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import JobFiles
import Parameters
import Prices
import ServiceKit

/// The orchestrator's settings from the environment.
struct OrchestratorSettings: Sendable {
    /// `UNDERSTUDY_PRICES`: the file of prices.
    let prices: PriceList
    /// `UNDERSTUDY_ROOT`: the name of the first folder in the artifact store.
    let root: String
    /// `UNDERSTUDY_STITCH_BACKEND`: the stitching backend of jobs that do not choose one.
    let stitchBackend: StitchBackend
    /// `UNDERSTUDY_BREAKER_FAILURES`, `UNDERSTUDY_BREAKER_COOL_S`, `UNDERSTUDY_BREAKER_COOL_MAX_S`: when breakers open, and for how long.
    let breakers: BreakerMachine.Bounds
    /// `UNDERSTUDY_STORE_PATIENCE_S`: how long work waits for an artifact store that is full or unreachable.
    let outageBounds: OutageBackoff.Bounds
    /// `UNDERSTUDY_MAX_RUNNING_JOBS`: the maximum number of running jobs.
    let maximumRunning: Int
    /// `UNDERSTUDY_KEEP_JOBS_DAYS`, `UNDERSTUDY_KEEP_JOBS`: how long ended jobs are kept.
    let retention: Retention
    /// The path of the job store.
    let database: String

    /// - Throws: `invalid_params` with the variable and its permitted values.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        prices = try PriceList.read(settings.string("UNDERSTUDY_PRICES"))
        root = settings.string("UNDERSTUDY_ROOT") ?? JobFilePaths.defaultRoot
        guard Identifier.isValid(root) else {
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_ROOT: expected \(Identifier.rule.expected), found \"\(root)\"")
        }
        let backend = settings.string("UNDERSTUDY_STITCH_BACKEND") ?? StitchBackend.local.rawValue
        guard let stitchBackend = StitchBackend(rawValue: backend) else {
            let known = StitchBackend.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_STITCH_BACKEND: expected one of \(known), found \"\(backend)\"")
        }
        self.stitchBackend = stitchBackend
        breakers = try BreakerMachine.Bounds(settings)
        outageBounds = OutageBackoff.Bounds(
            total: try settings.double("UNDERSTUDY_STORE_PATIENCE_S", default: 120, in: 0...86_400))
        maximumRunning = try settings.int("UNDERSTUDY_MAX_RUNNING_JOBS", default: 16, in: 1...10_000)
        retention = try Retention(settings)
        database = "\(settings.stateDirectory)/orchestrator/jobs.sqlite"
    }
}
