// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSON
import Parameters
import StandIns
import Testing

@testable import Contracts
@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct ParameterBoundsTests {
    @Test(arguments: MethodSample.all)
    func `every parameter of every method has a description`(_ sample: MethodSample) throws {
        try sample.decode(sample.params)
        let properties = try #require(sample.schema["properties"]?.object)
        #expect(!properties.isEmpty)
        for (name, schema) in properties {
            #expect(schema["description"]?.string?.isEmpty == false, "\(sample.name) \(name)")
        }
    }

    @Test
    func `parameters are described under their wire names`() {
        func check<D: ValidatedParameters & Decodable>(_ type: D.Type) {
            let members = Schema.of(type)["properties"]?.object ?? [:]
            #expect(D.parameters.map(\.name).sorted() == members.keys.sorted(), "\(type)")
        }
        check(AgentRequest.self)
        check(AgentAudio.self)
        check(CreateClip.self)
        check(ReplaceAudio.self)
        check(ConvertMedia.self)
        check(ProbeMedia.self)
        check(ProbeNarration.self)
        check(StitchFilm.self)
        check(StitchClip.self)
        check(SetupRole.self)
        check(StitchJobReference.self)
        check(GenerateImage.self)
        check(LogEvent.self)
        check(TailEvents.self)
        check(StartJob.self)
        check(JobOptions.self)
        check(JobReference.self)
        check(JobStatus.self)
        check(ListJobs.self)
        check(WatchJobs.self)
        check(RetryJob.self)
        check(SegmentEdit.self)
        check(UpgradeJob.self)
        check(BreakerRequest.self)
        check(ProviderBreakerRequest.self)
    }

    /// The bounds that decoding checks. The orchestrator itself checks a job's options and storyboard.
    private static func bounds(of sample: MethodSample) -> [SchemaBound] {
        let isStart = sample.schema["properties"]?["pipeline_data"] != nil && sample.name != AgentAPI.process.name
        return SchemaBound.all(of: sample.schema).filter { bound in
            !isStart || !["options", "pipeline_data"].contains(bound.path.first)
        }
    }

    @Test(arguments: MethodSample.all)
    func `a value just outside a bound is rejected with a message that names the bound`(_ sample: MethodSample) throws {
        for bound in Self.bounds(of: sample) {
            for (value, named) in bound.outside {
                let error = #expect(throws: ServiceError.self, "\(sample.name) \(bound)") {
                    try sample.decode(bound.put(value, into: sample.params))
                }
                #expect(error?.kind == .invalidParams || error?.kind == .tooLarge && named.isEmpty)
                let message = error?.message ?? ""
                #expect(message.hasPrefix("\(bound.pointer): expected "), "\(message)")
                #expect(named.allSatisfy { message.contains($0) }, "\(message)")
            }
        }
    }

    @Test(arguments: MethodSample.all)
    func `a value at a bound and the default are accepted`(_ sample: MethodSample) throws {
        for bound in Self.bounds(of: sample) {
            for value in bound.inside {
                #expect(throws: Never.self, "\(sample.name) \(bound)") {
                    try sample.decode(bound.put(value, into: sample.params))
                }
            }
        }
    }

    @Test
    func `a parameter name has the same bounds in every method`() {
        var seen: [String: JSONValue] = [:]
        for sample in MethodSample.all {
            for bound in SchemaBound.all(of: sample.schema) {
                guard let name = bound.path.last,
                    name.hasSuffix("_s") || name.hasSuffix("_lufs") || name.hasSuffix("_db")
                else { continue }
                let ends: JSONValue = [bound.schema["minimum"] ?? .null, bound.schema["maximum"] ?? .null]
                // trusted: a name of this loop
                #expect(seen[name, default: ends] == ends, "\(sample.name) \(bound)")
                seen[name] = ends
            }
        }
        #expect(seen["fade_s"] == [0, 5])
    }
}
