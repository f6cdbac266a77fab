// SPDX-License-Identifier: Apache-2.0

package import Faults
package import HTTP

/// The requests and responses of one order in a provider's API.
///
/// A conforming type sends nothing itself. `PaidOrder` sends the requests, so that all providers share one policy: an order is sent
/// once, status requests are retried, and every charge is accounted for.
package protocol OrderAPI: Sendable {
    /// The provider's name in errors and price lists.
    var provider: String { get }
    /// The environment variable of the server's URL, for errors.
    var baseVariable: String { get }

    /// Returns the request that places the order.
    ///
    /// - Throws: The reason why nothing can be ordered, e.g. `unauthorized` without a token. Nothing was sent then.
    func orderRequest() throws(ServiceError) -> HTTPRequest

    /// Returns the request for the status of an order.
    func statusRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest

    /// Returns the request that cancels an order; `nil` if the provider cannot cancel.
    func cancellationRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest?

    /// Returns the request for the result of a succeeded order, whatever status the provider reports; `nil` if the result's URL is
    /// known from status reports only.
    func resultRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest?

    /// Returns the request for one page of the provider's list of orders, newest first; `nil` if there is no list.
    ///
    /// - Parameter page: `OrderList.next` of the preceding page; `nil` for the first page.
    func listRequest(page: String?) throws(ServiceError) -> HTTPRequest?

    /// Reads the response to an order, a status request or a cancellation.
    ///
    /// - Parameter id: The order's ID, if it is known: a response to a status request need not repeat it.
    /// - Returns: `nil` if the response reports no order.
    func report(_ response: HTTPResponse, of id: OrderID?) -> OrderReport?

    /// Reads a page of the list.
    ///
    /// - Returns: The orders that are, or may be, this one; `nil` if the response is not a list.
    func orderList(_ response: HTTPResponse) -> OrderList?
}

extension OrderAPI {
    /// `nil`: the result's URL is known from status reports only.
    package func resultRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest? { nil }
    /// `nil`: the provider has no list of orders.
    package func listRequest(page: String?) throws(ServiceError) -> HTTPRequest? { nil }
    /// `nil`: the provider has no list of orders.
    package func orderList(_ response: HTTPResponse) -> OrderList? { nil }
}
