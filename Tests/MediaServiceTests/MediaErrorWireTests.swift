// SPDX-License-Identifier: Apache-2.0

import Faults
import Media
import MediaService
import Testing

@Suite(.timeLimit(.minutes(1))) struct MediaErrorWireTests {
    @Test(
        arguments: [
            (.notFound, .notFound), (.corruptMedia, .corruptMedia), (.unsupported, .corruptMedia),
            (.tooLarge, .tooLarge), (.noSpace, .unavailable), (.readOnly, .unavailable), (.io, .unavailable),
            (.timeout, .timeout), (.cancelled, .cancelled), (.invalidArgument, .invalidParams),
            (.internal, .internal),
        ] as [(MediaError.Kind, ErrorKind)])
    func `each kind of media error has a kind on the wire, with its message`(
        _ kind: MediaError.Kind, _ expected: ErrorKind
    ) {
        let error = ServiceError(wrapping: MediaError(kind, "seg_001.mp4 is broken"))
        #expect(error.kind == expected)
        #expect(error.message.hasPrefix("seg_001.mp4 is broken"))
    }

    @Test func `a full disk and a read-only disk have causes of their own`() {
        let full = MediaError(.noSpace, "cannot write final.mp4").serviceError
        #expect(full.cause == .diskFull && full.retryable)
        // The message says what to do.
        #expect(full.message.contains("try again"))
        #expect(MediaError(.readOnly, "x").serviceError.cause == .readOnly)
        #expect(MediaError(.io, "x").serviceError.cause == nil)
    }

    @Test func `broken media are not worth a retry`() {
        #expect(!MediaError(.corruptMedia, "x").serviceError.retryable)
        #expect(!MediaError(.unsupported, "x").serviceError.retryable)
    }
}
