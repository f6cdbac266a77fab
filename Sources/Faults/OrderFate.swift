/// What is known of an order at a provider that charges for it, after it brought nothing that can be used.
package enum OrderFate: String, Sendable, Codable {
    /// The provider did not take it, or was never reached: it costs nothing.
    case refused
    /// It was sent, and no answer says whether the provider took it: it may have been billed.
    case unknown
    /// The provider answered with a result, which could not be used or was lost: it was billed.
    case billed
}
