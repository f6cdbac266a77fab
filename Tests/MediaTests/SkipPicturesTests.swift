// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct SkipPicturesTests {
    @Test
    func `reading past the end exhausts a bit reader`() {
        var reader = BitReader([0, 0, 0])
        _ = reader.unsigned()
        #expect(reader.isExhausted)
        var empty = BitReader([])
        _ = empty.unsigned()
        #expect(empty.isExhausted)
    }

    @Test
    func `a byte stream is split at start codes of three and four bytes`() {
        let units = NALUnit.split(annexB: [0, 0, 0, 1, 0x67, 9, 9, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65, 7, 0, 0])
        #expect(units.map(\.bytes) == [[0x67, 9, 9], [0x68, 8], [0x65, 7]])
        #expect(NALUnit.split(annexB: []).isEmpty)
        #expect(NALUnit.split(annexB: [0, 0, 1]).isEmpty)
    }

    @Test
    func `a skip picture of full size takes a few bytes`() throws {
        let encoder = try VideoEncoder(
            format: try VideoFormat(), quality: .constantQuantiser(20), parameterSet: .still)
        let parameters = try SequenceParameterSet(try encoder.configuration.sequence[0])
        #expect(parameters.widthInMacroblocks == 120)
        #expect(parameters.heightInMacroblocks == 68)
        #expect(SkipPictures(parameters: parameters).picture(distance: 59).sample.count <= 14)
    }

    @Test
    func `invalid parameter sets are rejected`() {
        let whole: [UInt8] = [1, 100, 0, 40, 255, 225, 0, 2, 0x67, 100, 1, 0, 1]
        for length in whole.indices {
            #expect(throws: MediaError.self) { try DecoderConfiguration(extradata: Array(whole.prefix(length))) }
        }
        #expect(throws: MediaError.self) {
            try DecoderConfiguration(extradata: [1, 100, 0, 40, 255, 225, 255, 255, 0])
        }
        #expect(throws: MediaError.self) {
            try SequenceParameterSet(NALUnit(bytes: [0x67, 100, 0, 40, 0, 0, 0, 0, 0]))
        }
    }
}
