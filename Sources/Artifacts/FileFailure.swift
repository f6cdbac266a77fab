import Glibc
package import JSONRPC

/// What an `errno` means to a caller.
package enum FileFailure {
    /// - Parameter doing: what was tried, with the path.
    package static func error(_ code: Int32, _ doing: String) -> ServiceError {
        switch code {
        case ENOENT: ServiceError(.notFound, "\(doing): no such file")
        case ENOSPC, EDQUOT:
            ServiceError(.unavailable, "\(doing): the disk is full; make room and try again", providerCode: "ENOSPC")
        case EROFS:
            ServiceError(.unavailable, "\(doing): the store is read-only", retryable: false, providerCode: "EROFS")
        case EACCES, EPERM: ServiceError(.unauthorized, "\(doing): permission denied")
        default:
            ServiceError(.unavailable, "\(doing): \(String(cString: strerror(code)))", providerCode: names[code])
        }
    }

    /// What a store says that is away, and may come back.
    private static let names: [Int32: String] = [
        EIO: "EIO", ESTALE: "ESTALE", ENODEV: "ENODEV", ENXIO: "ENXIO", ENOTCONN: "ENOTCONN", ETIMEDOUT: "ETIMEDOUT",
        EHOSTDOWN: "EHOSTDOWN",
    ]
}
