// SPDX-License-Identifier: Apache-2.0

import Contracts
import Media
import Timebase

extension ProbedMedia {
    /// Creates the wire form of a report of `Media`.
    init(_ report: MediaReport) {
        self.init(
            container: report.container, duration: report.duration, streams: report.streams.map(ProbedStream.init),
            frames: report.frames, decodedOK: report.decodedOK, problems: report.problems)
    }
}

extension ProbedStream {
    fileprivate init(_ stream: MediaReport.Stream) {
        self.init(type: stream.type, codec: stream.codec)
        profile = stream.profile
        duration = stream.duration
        start = stream.span?.start
        end = stream.span?.end
        presented = stream.span?.presented
        isPresented = stream.isBest ? true : nil
        width = stream.width
        height = stream.height
        rate = stream.rate?.description
        pixelFormat = stream.pixelFormat
        colorPrimaries = stream.colorPrimaries
        colorTransfer = stream.colorTransfer
        colorSpace = stream.colorSpace
        colorRange = stream.colorRange
        sampleRate = stream.sampleRate
        channels = stream.channels
    }
}
