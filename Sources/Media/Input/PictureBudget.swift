// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Limits the memory of decoded pictures: of all pictures that the decoders of one file hold at the same time, as
/// references, in their threads and on the way to the reader.
///
/// A stream of a few kilobytes can request sixteen references of any size, and can change its size midway. libavcodec
/// asks the budget for each picture's memory, so neither exceeds it.
final class PictureBudget: Sendable {
    /// Maximum pixels of one picture: 8192x4320.
    static let maximumPixels = 36_000_000
    /// Maximum bytes of all pictures together: nine of 8192x4320, twenty-five of 4096x2304 with ten bits.
    static let maximumBytes = 512 << 20
    /// Above this number of pixels a decoder gets one thread, since each thread holds its own pictures.
    static let pixelsForThreads = 9_500_000

    // Never changed after initialisation; its counters are atomic.
    private nonisolated(unsafe) let counts: UnsafeMutablePointer<AVBufferRef>

    init() throws(MediaError) {
        guard let counts = us_make_picture_budget(Int64(Self.maximumBytes)) else {
            throw MediaError(.internal, "out of memory")
        }
        self.counts = counts
    }

    deinit {
        let wasExceeded = isExceeded
        var counts: UnsafeMutablePointer<AVBufferRef>? = counts
        av_buffer_unref(&counts)
        // The allocator caches freed memory. After such a file, return it to the system.
        if wasExceeded { us_release_freed_memory() }
    }

    var isExceeded: Bool { us_picture_budget_is_exceeded(counts) != 0 }

    /// Limits a decoder that is not yet open. The budget must outlive it.
    func bound(_ context: UnsafeMutablePointer<AVCodecContext>) {
        context.pointee.max_pixels = Int64(Self.maximumPixels)
        us_set_picture_budget(context, counts)
    }

    /// - Throws: `tooLarge` if a stream's header states more pixels than a picture may have.
    static func check(_ parameters: AVCodecParameters, _ name: String) throws(MediaError) {
        let pixels = Int(parameters.width).multipliedReportingOverflow(by: Int(parameters.height))
        guard pixels.overflow || pixels.partialValue > maximumPixels else { return }
        throw MediaError(
            .tooLarge,
            "\(name) has pictures of \(parameters.width)x\(parameters.height) pixels, at most "
                + "36 million (8192x4320) are supported: scale it down")
    }

    static func exceededError(_ name: String) -> MediaError {
        MediaError(
            .tooLarge,
            "\(name): its pictures and their references take more than \(maximumBytes >> 20) MiB; encode it "
                + "smaller or with fewer reference pictures")
    }
}
