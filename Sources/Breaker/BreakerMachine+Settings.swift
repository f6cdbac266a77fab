package import Faults
package import ServiceKit

extension BreakerMachine.Bounds {
    /// As `UNDERSTUDY_BREAKER_FAILURES`, `_COOL_S` and `_COOL_MAX_S` say.
    ///
    /// - Throws: `invalid_params` that names the variable.
    package init(_ settings: ServiceSettings) throws(ServiceError) {
        let usual = BreakerMachine.Bounds()
        self.init(
            failures: try settings.int("UNDERSTUDY_BREAKER_FAILURES", default: usual.failures, in: 1...1000),
            cool: try settings.double("UNDERSTUDY_BREAKER_COOL_S", default: usual.cool, in: 0.001...86_400),
            longestCool: try settings.double(
                "UNDERSTUDY_BREAKER_COOL_MAX_S", default: usual.longestCool, in: 0.001...86_400))
    }
}
