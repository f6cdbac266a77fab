// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers

/// The URLs for the status, the result and the cancellation of an operation, as far as a response reports them: members such as
/// `status_url`, and `urls`, `links` and `_links` as dictionaries or as lists of `rel` and `href`.
struct OperationLinks {
    private static let statusNames = [
        "statusurl", "pollingurl", "pollurl", "checkurl", "taskurl", "operationurl", "operationlocation", "get",
        "status",
        "self", "poll", "operation", "location",
    ]
    private static let resultNames = ["responseurl", "resulturl", "outputurl", "response", "result", "results"]
    private static let cancellationNames = ["cancelurl", "cancel"]
    /// The maximum number of members or elements that are read.
    private static let maximumLinks = 50

    /// The URL or path for the status; may be relative.
    let status: String?
    /// The URL or path of the result; may be relative.
    let result: String?
    /// The URL or path that cancels the operation by POST; may be relative.
    let cancellation: String?

    init(_ response: OrderResponse?) {
        var links: [String: String] = [:]
        func add(_ name: String, _ value: JSONValue?) {
            guard let link = value?.string ?? value?["href"]?.string ?? value?["url"]?.string, !link.isEmpty else {
                return
            }
            let name = name.lowercased().filter { $0 != "_" && $0 != "-" }
            links[name] = links[name] ?? link
        }
        if let response {
            for name in [
                "status_url", "statusUrl", "polling_url", "pollingUrl", "poll_url", "check_url", "task_url",
                "operation_url", "operation_location", "response_url", "responseUrl", "result_url", "resultUrl",
                "cancel_url", "cancelUrl",
            ] { add(name, response[name]) }
            for group in ["urls", "links", "_links"] {
                for (name, value) in (response[group]?.object ?? [:]).prefix(Self.maximumLinks) { add(name, value) }
                for link in (response[group]?.array ?? []).prefix(Self.maximumLinks) {
                    add(link["rel"]?.string ?? "", link)
                }
            }
        }
        func first(_ names: [String]) -> String? { names.lazy.compactMap { links[$0] }.first }
        status = first(Self.statusNames)
        result = first(Self.resultNames)
        cancellation = first(Self.cancellationNames)
    }
}
