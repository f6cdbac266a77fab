import Breaker
import Contracts
import Faults
import JobFiles
import Parameters
import Prices
import ServiceKit

/// How jobs are run, from the environment.
struct OrchestratorSettings: Sendable {
    let prices: PriceList
    /// `UNDERSTUDY_ROOT`: the first folder below the store.
    let root: String
    /// `UNDERSTUDY_STITCH_BACKEND`: who joins films of which the job does not say it.
    let stitchBackend: StitchBackend
    /// `UNDERSTUDY_BREAKER_FAILURES`, `_COOL_S`, `_COOL_MAX_S`.
    let breakers: BreakerMachine.Bounds
    /// `UNDERSTUDY_STORE_PATIENCE_S`: with an artifact store that is full or away.
    let patience: StoreHold.Patience
    /// `UNDERSTUDY_MAX_RUNNING_JOBS`: jobs that run at a time.
    let maximumRunning: Int
    let retention: Retention
    /// The job store's file.
    let database: String

    /// - Throws: `invalid_params` that names the variable and what it may be.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        prices = try PriceList.read(settings.string("UNDERSTUDY_PRICES"))
        root = settings.string("UNDERSTUDY_ROOT") ?? Places.defaultRoot
        guard Identifier.isValid(root) else {
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_ROOT: expected \(Identifier.rule.expected), found \"\(root)\"")
        }
        let backend = settings.string("UNDERSTUDY_STITCH_BACKEND") ?? StitchBackend.local.rawValue
        guard let stitchBackend = StitchBackend(rawValue: backend) else {
            let known = StitchBackend.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError(.invalidParams, "UNDERSTUDY_STITCH_BACKEND: \"\(backend)\" is none of \(known)")
        }
        self.stitchBackend = stitchBackend
        breakers = try BreakerMachine.Bounds(settings)
        patience = StoreHold.Patience(
            whole: try settings.double("UNDERSTUDY_STORE_PATIENCE_S", default: 120, in: 0...86_400))
        maximumRunning = try settings.int("UNDERSTUDY_MAX_RUNNING_JOBS", default: 16, in: 1...10_000)
        retention = try Retention(settings)
        database = "\(settings.stateDirectory)/orchestrator/jobs.sqlite"
    }
}
