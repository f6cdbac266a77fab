// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Faults
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct AWSErrorTests {
    @Test(arguments: ErrorKind.allCases)
    func `errors of AWS keep kind, codes and retry delay in the wire format`(_ kind: ErrorKind) {
        var error = AWSError(kind, "no", retryable: true, code: "SlowDown", requestID: "r-1", service: .s3)
        error.retryAfter = 7
        let mapped = error.serviceError
        #expect(mapped.kind == kind && mapped.message == "no" && mapped.retryable)
        #expect(mapped.provider == "s3" && mapped.providerCode == "SlowDown" && mapped.requestID == "r-1")
        #expect(mapped.retryAfter == 7)
    }

    @Test
    func `errors of local files map by their errno`() {
        #expect(AWSError(file: ENOENT, "film").serviceError.kind == .notFound)
        #expect(AWSError(file: EACCES, "film").serviceError.kind == .unauthorized)
        let full = AWSError(file: ENOSPC, "film").serviceError
        #expect(full.kind == .unavailable && full.providerCode == "ENOSPC")
    }
}
