import CFFmpeg

/// Bounds the memory of decoded pictures: all pictures that the decoders of one file hold at a time, as references, in their threads
/// and on the way to the reader.
///
/// A stream of a few kilobytes may ask for sixteen references of any size, and may change its size in the middle. libavcodec asks the
/// budget for each picture's memory, so neither matters.
final class PictureBudget: Sendable {
    /// Pixels of one picture: 8192x4320.
    static let maximumPixels = 36_000_000
    /// Bytes of all pictures together: nine of 8192x4320, twenty-five of 4096x2304 with ten bits.
    static let maximumBytes = 512 << 20
    /// Above this number of pixels a decoder gets one thread: each thread holds pictures of its own.
    static let pixelsForThreads = 9_500_000

    // Only read after it was made; its counters are atomic.
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
        // The allocator keeps what was freed; after a file like that it should not.
        if wasExceeded { us_release_freed_memory() }
    }

    var isExceeded: Bool { us_picture_budget_is_exceeded(counts) != 0 }

    /// Sets the bounds of a decoder that is not yet open, and that the budget outlives.
    func bound(_ context: UnsafeMutablePointer<AVCodecContext>) {
        context.pointee.max_pixels = Int64(Self.maximumPixels)
        us_set_picture_budget(context, counts)
    }

    /// - Throws: `tooLarge` where a stream's header states more pixels than a picture may have.
    static func check(_ parameters: AVCodecParameters, _ name: String) throws(MediaError) {
        let pixels = Int(parameters.width).multipliedReportingOverflow(by: Int(parameters.height))
        guard pixels.overflow || pixels.partialValue > maximumPixels else { return }
        throw MediaError(
            .tooLarge,
            "\(name) has pictures of \(parameters.width)x\(parameters.height) pixels; a clip's pictures have at most "
                + "36 million (8192x4320): scale it down")
    }

    static func exceeded(_ name: String) -> MediaError {
        MediaError(
            .tooLarge,
            "\(name): its pictures and those that they refer to take more than \(maximumBytes >> 20) MiB; encode it "
                + "smaller or with fewer reference pictures")
    }
}
