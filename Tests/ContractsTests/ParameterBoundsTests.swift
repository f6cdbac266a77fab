import Calls
import Faults
import JSON
import Parameters
import StandIns
import Testing

@testable import Contracts
@testable import ServiceKit

@Suite struct ParameterBoundsTests {
    @Test("every parameter of every method is described, and nothing else is", arguments: MethodSample.all)
    func described(_ sample: MethodSample) throws {
        try sample.decode(sample.params)
        let properties = try #require(sample.schema["properties"]?.object)
        #expect(!properties.isEmpty)
        for (name, schema) in properties {
            #expect(schema["description"]?.string?.isEmpty == false, "\(sample.name) \(name)")
        }
    }

    @Test("the names of descriptions are those on the wire")
    func names() {
        func check<D: Described & Decodable>(_ type: D.Type) {
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
        check(Stitch.self)
        check(StitchClip.self)
        check(SetupRole.self)
        check(StitchJob.self)
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

    /// Those that the method's parameters check themselves: the orchestrator checks a job's options and storyboard.
    private static func bounds(of sample: MethodSample) -> [SchemaBound] {
        let isStart = sample.schema["properties"]?["pipeline_data"] != nil && sample.name != AgentAPI.process.name
        return SchemaBound.all(of: sample.schema).filter { bound in
            !isStart || !["options", "pipeline_data"].contains(bound.path.first)
        }
    }

    @Test("a value just outside a bound is refused by a message that names the bound", arguments: MethodSample.all)
    func outside(_ sample: MethodSample) throws {
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

    @Test("a value at a bound, and the default, is accepted", arguments: MethodSample.all)
    func inside(_ sample: MethodSample) throws {
        for bound in Self.bounds(of: sample) {
            for value in bound.inside {
                #expect(throws: Never.self, "\(sample.name) \(bound)") {
                    try sample.decode(bound.put(value, into: sample.params))
                }
            }
        }
    }

    @Test("a quantity has the same bound wherever it is a parameter")
    func consistent() {
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
