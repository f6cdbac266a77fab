import AWS
import Artifacts
import Faults
import Glibc
import Testing

@Suite struct AWSErrorTests {
    @Test(
        "what AWS refuses keeps its kind, its codes and its wait on the way to the caller",
        arguments: ErrorKind.allCases)
    func kinds(_ kind: ErrorKind) {
        var error = AWSError(kind, "no", retryable: true, code: "SlowDown", requestID: "r-1", service: .s3)
        error.retryAfter = 7
        let fault = error.serviceError
        #expect(fault.kind == kind && fault.message == "no" && fault.retryable)
        #expect(fault.provider == "s3" && fault.providerCode == "SlowDown" && fault.requestID == "r-1")
        #expect(fault.retryAfter == 7)
    }

    @Test("a local file's failure is told as that of any file")
    func files() {
        #expect(AWSError(file: ENOENT, "film").serviceError.kind == .notFound)
        #expect(AWSError(file: EACCES, "film").serviceError.kind == .unauthorized)
        let full = AWSError(file: ENOSPC, "film").serviceError
        #expect(full.kind == .unavailable && full.providerCode == "ENOSPC")
    }
}
