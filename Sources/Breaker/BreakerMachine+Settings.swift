// SPDX-License-Identifier: Apache-2.0

package import Faults
package import ServiceKit

extension BreakerMachine.Bounds {
    /// Reads `UNDERSTUDY_BREAKER_FAILURES` (1 to 1000), `UNDERSTUDY_BREAKER_COOL_S` and `UNDERSTUDY_BREAKER_COOL_MAX_S` (seconds, 0.001
    /// to 86400); a variable that is not set keeps its default.
    ///
    /// - Throws: `invalid_params` that names the variable.
    package init(_ settings: ServiceSettings) throws(ServiceError) {
        let defaults = BreakerMachine.Bounds()
        self.init(
            failureThreshold: try settings.int(
                "UNDERSTUDY_BREAKER_FAILURES", default: defaults.failureThreshold, in: 1...1000),
            cooldown: try settings.double("UNDERSTUDY_BREAKER_COOL_S", default: defaults.cooldown, in: 0.001...86_400),
            maximumCooldown: try settings.double(
                "UNDERSTUDY_BREAKER_COOL_MAX_S", default: defaults.maximumCooldown, in: 0.001...86_400))
    }
}
