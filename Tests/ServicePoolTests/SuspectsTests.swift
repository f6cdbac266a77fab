import FoundationEssentials
import JSON
import JSONRPC
import Testing

@testable import ServicePool

@Suite struct SuspectsTests {
    private let key = Suspects.Key(method: "m", params: Data())

    @Test("a call that was lost with two processes is at fault; one process counts once")
    func rule() {
        var suspects = Suspects()
        #expect(!suspects.contains(key))
        let verdict1 = suspects.lost(key, with: "a 1", at: 0)
        #expect(!verdict1)
        #expect(suspects.contains(key))
        let verdict2 = suspects.lost(key, with: "a 1", at: 1)
        #expect(!verdict2)
        let verdict3 = suspects.lost(key, with: "a 2", at: 2)
        #expect(verdict3)
        // Made again all the same, it begins from the start.
        #expect(!suspects.contains(key))
        let verdict4 = suspects.lost(key, with: "a 3", at: 3)
        #expect(!verdict4)
    }

    @Test("a call that succeeds, or was lost long ago, is no suspect")
    func innocence() {
        var suspects = Suspects()
        let verdict5 = suspects.lost(key, with: "a 1", at: 0)
        #expect(!verdict5)
        suspects.cleared(key)
        let verdict6 = suspects.lost(key, with: "a 2", at: 1)
        #expect(!verdict6)
        let verdict7 = suspects.lost(key, with: "a 3", at: 601_000_000_000)
        #expect(!verdict7)
        for number in 0..<3000 {
            _ = suspects.lost(Suspects.Key(method: "\(number)", params: Data()), with: "b", at: 602_000_000_000)
        }
        #expect(!suspects.contains(key))
    }

    @Test("a call that decodes media may be lost with one process, any other with three")
    func deaths() {
        for (decodesMedia, survived) in [(true, 1), (false, 3)] {
            var suspects = Suspects()
            let maximum = Suspects.deaths(decodesMedia: decodesMedia)
            for number in 1...survived {
                let verdict = suspects.lost(key, with: "a \(number)", at: 0, maximum: maximum)
                #expect(!verdict, "\(decodesMedia) \(number)")
            }
            let verdict = suspects.lost(key, with: "a last", at: 0, maximum: maximum)
            #expect(verdict, "\(decodesMedia)")
        }
    }

    @Test("numbers of another process's health are clamped where they are read", arguments: ["1e300", "-5", "12"])
    func health(_ uptime: String) throws {
        let text =
            #"{"service":"s","instance":"i","status":"serving","version":"1","uptime_s":\#(uptime),"in_flight":-3,"capacity":-1}"#
        let health = try JSONCoding.decode(ServiceHealth.self, from: Data(text.utf8))
        #expect((0...1e10).contains(health.uptime) && health.inFlight == 0 && health.capacity == 0)
        #expect(uptime != "12" || health.uptime == 12)
    }
}
