import Faults

extension ErrorKind {
    /// What kind of failure it is, for people.
    var words: String {
        switch self {
        case .unavailable: "not available"
        case .timeout: "took too long"
        case .rateLimited: "too many requests"
        case .quotaExhausted: "no credit left"
        case .contentRejected: "content rejected"
        case .corruptMedia: "a broken file"
        case .unauthorized: "not allowed"
        case .notFound: "not found"
        case .busy: "busy"
        case .tooLarge: "too large"
        case .cancelled: "cancelled"
        default: rawValue.replacing("_", with: " ")
        }
    }
}
