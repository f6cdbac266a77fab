import Contracts
import JSONRPC
import Testing

@testable import Orchestrator

@Suite struct FilmCheckTests {
    private func probe(
        black: Double = 0, frozen: Double = 0, loudness: Double? = -20, sound: Bool = true
    ) -> ProbedMedia {
        var video = ProbedStream(type: "video", codec: "h264")
        video.duration = 30
        let streams = sound ? [video, ProbedStream(type: "audio", codec: "aac")] : [video]
        var probe = ProbedMedia(
            container: "mp4", duration: 30, streams: streams, frames: 900, decodedOK: true, problems: [])
        var points = [("black", Optional(black)), ("frozen", frozen)]
        if sound { points.append(("loudness", loudness)) }
        probe.report = DeliveryReport(
            isPassed: true,
            points: points.map { DeliveryPoint(name: $0.0, measured: "", value: $0.1, target: "", isPassed: true) })
        return probe
    }

    @Test("a film that is black, frozen or silent throughout is no film; one that is so in part is")
    func faults() {
        let plan = MachineScene.plan(2)
        #expect(FilmCheck.fault(of: probe(), plan) == nil)
        #expect(FilmCheck.fault(of: probe(black: 30), plan) == "is black throughout")
        #expect(FilmCheck.fault(of: probe(black: 20, frozen: 28), plan) == nil)
        #expect(FilmCheck.fault(of: probe(frozen: 30), plan)?.hasPrefix("shows one and the same picture") == true)
        #expect(FilmCheck.fault(of: probe(loudness: nil), plan) == "is silent although there are narrations")
        #expect(FilmCheck.fault(of: probe(sound: false), plan) == "has no sound although there are narrations")
    }

    @Test("one picture is enough for one segment, and silence for a storyboard without narration")
    func allowed() {
        #expect(FilmCheck.fault(of: probe(frozen: 30), MachineScene.plan(1)) == nil)
        let silent = MachineScene.plan(2, narrated: false)
        #expect(FilmCheck.fault(of: probe(loudness: nil), silent) == nil)
        #expect(FilmCheck.fault(of: probe(sound: false), silent) == nil)
    }
}
