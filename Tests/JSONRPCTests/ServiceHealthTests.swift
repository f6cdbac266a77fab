// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import JSONRPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServiceHealthTests {
    @Test(arguments: ["1e300", "-5", "12"])
    func `numbers in a health report are clamped when they are decoded`(_ uptime: String) throws {
        let text =
            #"{"service":"s","instance":"i","status":"serving","version":"1","uptime_s":\#(uptime),"in_flight":-3,"capacity":-1}"#
        let health = try JSONCoding.decode(ServiceHealth.self, from: Data(text.utf8))
        #expect((0...1e10).contains(health.uptime) && health.inFlight == 0 && health.capacity == 0)
        #expect(uptime != "12" || health.uptime == 12)
    }
}
