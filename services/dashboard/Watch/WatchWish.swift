import Faults
import JSON

/// What a browser wants to watch: `?job=&after_seq=`.
struct WatchWish {
    /// All jobs if absent.
    let job: String?
    /// The number of the message that it saw last.
    let seq: Int?

    /// - Throws: `invalid_params` for a number that is none.
    init(_ request: WebRequest) throws(ServiceError) {
        job = request.query["job"]
        guard let told = request.query["after_seq"] else {
            seq = nil
            return
        }
        guard let number = Int(told), number >= 0 else {
            throw ServiceError.invalidParams(
                at: "/after_seq", expected: "the number of a message, found \(JSONText.quote(String(told.prefix(50))))")
        }
        seq = number
    }
}
