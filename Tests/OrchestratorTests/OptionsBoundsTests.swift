// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Parameters
import StandIns
import Testing

@testable import Orchestrator
@testable import ServiceKit

@Suite(.timeLimit(.minutes(2))) struct OptionsBoundsTests {
    private static let bounds = SchemaBound.all(of: Schema.of(JobOptions.self))

    @Test
    func `options are rejected just outside their bounds, with a message, and accepted at them`() throws {
        #expect(Self.bounds.count > 15)
        for bound in Self.bounds {
            for (value, named) in bound.outside {
                let error = #expect(throws: ServiceError.self, "\(bound)") {
                    try OptionsCheck.read(bound.put(value, into: [:]))
                }
                #expect(error?.kind == .invalidParams)
                let message = error?.message ?? ""
                #expect(message.hasPrefix("/options\(bound.pointer): expected "), "\(message)")
                #expect(named.allSatisfy { message.contains($0) }, "\(message)")
            }
            for value in bound.inside {
                #expect(throws: Never.self, "\(bound)") { try OptionsCheck.read(bound.put(value, into: [:])) }
            }
        }
    }

    @Test
    func `the defaults in the schema are those of a job without options`() {
        let properties = Schema.of(JobOptions.self)["properties"]
        #expect(properties?["fade_s"]?["default"]?.double == JobDefaults.fade)
        #expect(properties?["agent5_timeout_s"]?["default"]?.double == JobDefaults.agent5Timeout)
        #expect(properties?["image_concurrency"]?["default"]?.double == Double(JobDefaults.imageConcurrency))
        #expect(properties?["hedge_max_cost_usd"]?["default"]?.double == JobDefaults.hedgeMaxCost.dollars)
    }
}
