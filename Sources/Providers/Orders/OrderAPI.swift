package import Faults
package import HTTP

/// One wish in a provider's own language: which requests to send, and what the answers mean.
///
/// A conforming type sends nothing itself. `PaidOrder` sends the requests, so that every provider gets the same policy: an order
/// is sent once, questions are repeated, and money is never unaccounted for.
package protocol OrderAPI: Sendable {
    /// The provider's name in errors and price lists.
    var provider: String { get }
    /// The setting that leads to the provider's server, for errors.
    var baseVariable: String { get }

    /// The order itself.
    ///
    /// - Throws: why nothing can be ordered, e.g. `unauthorized` without a token. Nothing was sent then.
    func order() throws(ServiceError) -> HTTPRequest

    /// Asks how an order is.
    func question(_ id: OrderID) throws(ServiceError) -> HTTPRequest

    /// Cancels an order; `nil` if the provider has no such call.
    func cancellation(_ id: OrderID) throws(ServiceError) -> HTTPRequest?

    /// Fetches the result of an order that has succeeded, whatever the provider calls that; `nil` if only reports say where it is.
    func result(_ id: OrderID) throws(ServiceError) -> HTTPRequest?

    /// One page of the provider's orders, newest first; `nil` if it has no list.
    ///
    /// - Parameter page: what `OrderList.next` of the page before said.
    func list(page: String?) throws(ServiceError) -> HTTPRequest?

    /// Reads the answer to an order, a question or a cancellation.
    ///
    /// - Parameter id: the order's, if it is known: an answer to a question need not repeat it.
    /// - Returns: `nil` for an answer that reports no order.
    func report(_ response: HTTPResponse, of id: OrderID?) -> OrderReport?

    /// Reads a page of the list.
    ///
    /// - Returns: the orders that are, or may be, of this wish; `nil` for an answer that is no list.
    func listed(_ response: HTTPResponse) -> OrderList?
}

extension OrderAPI {
    package func result(_ id: OrderID) throws(ServiceError) -> HTTPRequest? { nil }
    package func list(page: String?) throws(ServiceError) -> HTTPRequest? { nil }
    package func listed(_ response: HTTPResponse) -> OrderList? { nil }
}
