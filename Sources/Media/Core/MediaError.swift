import CFFmpeg

/// What went wrong with a picture, a sound or a film.
package struct MediaError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The file is not there.
        case notFound
        /// Bytes that do not decode, or that end too early.
        case corruptMedia
        /// Beyond a bound on pixels, bytes or length.
        case tooLarge
        /// A format that this library does not read.
        case unsupported
        /// The disk is full.
        case noSpace
        /// The disk is read-only.
        case readOnly
        /// The file system refused.
        case io
        /// The work takes longer than a file may take.
        case timeout
        /// The caller asked to stop.
        case cancelled
        /// A size, rate or duration outside its bounds.
        case invalidArgument
        /// A fault of our own, or no memory.
        case `internal`
    }

    package let kind: Kind
    /// Names the file and the fault.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }

    /// Turns a libav result into an error.
    ///
    /// - Parameters:
    ///   - code: a negative `AVERROR`.
    ///   - doing: what was tried, with the file's name, e.g. `cannot read seg_001.mp3`.
    init(code: Int32, _ doing: String) {
        var buffer = [CChar](repeating: 0, count: 256)
        av_strerror(code, &buffer, buffer.count)
        let reason = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        switch code {
        case us_error_no_entry: self.init(.notFound, "\(doing): no such file")
        case us_error_no_space, us_error_quota, us_error_file_too_big: self.init(.noSpace, "\(doing): the disk is full")
        case us_error_read_only: self.init(.readOnly, "\(doing): the disk is read-only")
        case us_error_access, us_error_not_permitted, us_error_is_folder, us_error_not_folder,
            us_error_name_too_long, us_error_too_many_files:
            self.init(.io, "\(doing): \(reason)")
        // What a file asks for that lies about its sizes; what this library needs for itself is reported as `internal`.
        case us_error_no_memory:
            self.init(.tooLarge, "\(doing): it asks for more memory than a file may have; it is broken or too large")
        // What libav says of a format that it was told not to open; "Invalid argument" explains nothing.
        case us_error_invalid_argument: self.init(.corruptMedia, doing)
        default: self.init(.corruptMedia, "\(doing): \(reason)")
        }
    }
}

/// Throws where libav failed. -> the result.
@discardableResult
func check(_ code: Int32, _ doing: @autoclosure () -> String) throws(MediaError) -> Int32 {
    guard code >= 0 else { throw MediaError(code: code, doing()) }
    return code
}

/// libav says nothing on standard error: its errors are ours to tell. Read once before libav is used.
let libavIsQuiet: Bool = {
    av_log_set_level(AV_LOG_QUIET)
    // A file of a kilobyte may promise tables of gigabytes. The largest honest piece is a decoded picture of 256 MB.
    av_max_alloc(512 << 20)
    return true
}()

/// The last component of a path: what a message calls a file.
func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}
