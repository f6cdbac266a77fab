// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Media
import Testing

@testable import Stitcher

@Suite(.timeLimit(.minutes(1))) struct MediaConvertFilmTests {
    private func film(_ inputs: [MediaConvertInput], output: String = "s3://films/out/final.mp4") throws
        -> MediaConvertFilm
    {
        let clips = (0..<3).map { StitchClip(clip: "s3://clips/seg_\($0).mp4", segmentID: "seg_\($0)", duration: 1) }
        let workFolder = try ArtifactURI("s3://films/out/.stitch/abc")
        let uri = try ArtifactURI(output)
        return MediaConvertFilm(
            request: StitchFilm(clips: clips, output: output),
            parts: clips.map { FilmPart(clip: $0.clip, frames: 30, audio: nil, title: $0.segmentID) },
            format: try VideoFormat(), inputs: inputs, fadeFrames: 0, output: uri,
            target: uri.scheme == .s3 ? uri : try workFolder.appending("film.mp4"), workFolder: workFolder, key: "abc")
    }

    private let whole = MediaConvertInput(source: .clip(part: 0), frames: 0..<30, isWhole: true)

    @Test(arguments: [(1, 1), (150, 1), (151, 2), (300, 2), (301, 3), (1000, 7)])
    func `stages have at most 150 inputs each, in order`(_ count: Int, _ stages: Int) throws {
        let inputs = (0..<count).map { MediaConvertInput(source: .part($0), frames: 0..<30, isWhole: true) }
        let found = try film(inputs).stages
        #expect(found.count == stages && found.allSatisfy { (1...150).contains($0.count) })
        #expect(found.flatMap { $0 } == inputs)
    }

    @Test func `the length of the film is that of its parts`() throws {
        #expect(try film([whole]).frames == 90)
    }

    @Test func `inputs read clips where they are, and rendered files from the work folder`() throws {
        let film = try film([])
        func input(_ source: MediaConvertInput.Source, isWhole: Bool) throws -> CreateJobRequest.Input {
            try film.jobInput(MediaConvertInput(source: source, frames: 5..<20, isWhole: isWhole))
        }
        #expect(try input(.clip(part: 1), isWhole: false) == .init(file: "s3://clips/seg_1.mp4", frames: 5..<20))
        #expect(try input(.part(1), isWhole: true) == .init(file: "s3://films/out/.stitch/abc/part_2.mp4"))
        #expect(try input(.fade(into: 2), isWhole: true) == .init(file: "s3://films/out/.stitch/abc/fade_3.mp4"))
    }

    @Test func `intermediate files are the rendered inputs, never the clips or the film`() throws {
        let film = try film([
            whole, MediaConvertInput(source: .fade(into: 1), frames: 0..<15, isWhole: true),
            MediaConvertInput(source: .part(1), frames: 0..<30, isWhole: true),
        ])
        #expect(
            film.intermediateFiles(edition: 3).map(\.name) == ["fade_2.mp4", "part_2.mp4"])
    }

    @Test func `intermediate files include the stages of all editions`() throws {
        let film = try film(Array(repeating: whole, count: 200))
        #expect(try film.stageFile(1, edition: 1).description == "s3://films/out/.stitch/abc/stage_2_1.mp4")
        #expect(
            film.intermediateFiles(edition: 1).map(\.name)
                == ["stage_1_0.mp4", "stage_2_0.mp4", "stage_1_1.mp4", "stage_2_1.mp4"])
    }

    @Test func `a film for this machine is an intermediate file in the bucket`() throws {
        let film = try film([whole], output: "file:///films/final.mp4")
        #expect(film.intermediateFiles(edition: 0).map(\.description) == ["s3://films/out/.stitch/abc/film.mp4"])
    }

    @Test func `the role needs the buckets of the clips and of the film`() throws {
        #expect(try film([whole]).buckets == ["films", "clips"])
        #expect(
            try film([MediaConvertInput(source: .part(0), frames: 0..<30, isWhole: true)]).buckets == ["films"])
    }
}
