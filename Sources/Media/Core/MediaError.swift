// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// A failure to read, decode, encode or write media.
package struct MediaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Category of a failure.
    package enum Kind: String, Sendable {
        /// The file does not exist.
        case notFound
        /// The data does not decode or ends prematurely.
        case corruptMedia
        /// A limit on pixels, bytes or duration is exceeded.
        case tooLarge
        /// The format is not supported.
        case unsupported
        /// The disk is full.
        case noSpace
        /// The disk is read-only.
        case readOnly
        /// Another file system error.
        case io
        /// The work exceeds its time limit.
        case timeout
        /// The caller cancelled.
        case cancelled
        /// A size, rate or duration is out of range.
        case invalidArgument
        /// An internal error, or out of memory.
        case `internal`
    }

    /// Category of the failure.
    package let kind: Kind
    /// Names the file and the problem.
    package let message: String

    /// Creates an error with a message for the caller.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Same as `message`.
    package var description: String { message }

    /// Converts a libav result to an error.
    ///
    /// - Parameters:
    ///   - code: a negative `AVERROR`.
    ///   - operation: What failed, with the file's name, such as `cannot read seg_001.mp3`.
    init(code: Int32, _ operation: String) {
        var buffer = [CChar](repeating: 0, count: 256)
        av_strerror(code, &buffer, buffer.count)
        let reason = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        switch code {
        case us_error_no_entry: self.init(.notFound, "\(operation): no such file")
        case us_error_no_space, us_error_quota, us_error_file_too_big:
            self.init(.noSpace, "\(operation): the disk is full")
        case us_error_read_only: self.init(.readOnly, "\(operation): the disk is read-only")
        case us_error_access, us_error_not_permitted, us_error_is_folder, us_error_not_folder,
            us_error_name_too_long, us_error_too_many_files:
            self.init(.io, "\(operation): \(reason)")
        // Caused by sizes that a file states. Failed allocations of this module are reported as `internal`.
        case us_error_no_memory:
            self.init(
                .tooLarge, "\(operation): the file needs more memory than allowed; it is damaged or too large")
        // libav returns this for formats outside the whitelist; its text, "Invalid argument", explains nothing.
        case us_error_invalid_argument: self.init(.corruptMedia, operation)
        default: self.init(.corruptMedia, "\(operation): \(reason)")
        }
    }
}
