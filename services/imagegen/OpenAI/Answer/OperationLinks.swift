import JSON
import Providers

/// Where an operation can be asked about, fetched and cancelled, as far as a report says: members such as `status_url`, and `urls`,
/// `links` and `_links` as dictionaries or as lists of `rel` and `href`.
struct OperationLinks {
    private static let questions = [
        "statusurl", "pollingurl", "pollurl", "checkurl", "taskurl", "operationurl", "operationlocation", "get",
        "status",
        "self", "poll", "operation", "location",
    ]
    private static let results = ["responseurl", "resulturl", "outputurl", "response", "result", "results"]
    private static let cancellations = ["cancelurl", "cancel"]
    /// Members of a dictionary, and elements of a list, that are looked at.
    private static let most = 50

    /// A URL, or a path; may be relative.
    let question: String?
    let result: String?
    /// Cancels by POST.
    let cancellation: String?

    init(_ answer: OrderAnswer?) {
        var links: [String: String] = [:]
        func add(_ name: String, _ value: JSONValue?) {
            guard let link = value?.string ?? value?["href"]?.string ?? value?["url"]?.string, !link.isEmpty else {
                return
            }
            let name = name.lowercased().filter { $0 != "_" && $0 != "-" }
            links[name] = links[name] ?? link
        }
        if let answer {
            for name in [
                "status_url", "statusUrl", "polling_url", "pollingUrl", "poll_url", "check_url", "task_url",
                "operation_url", "operation_location", "response_url", "responseUrl", "result_url", "resultUrl",
                "cancel_url", "cancelUrl",
            ] { add(name, answer[name]) }
            for group in ["urls", "links", "_links"] {
                for (name, value) in (answer[group]?.object ?? [:]).prefix(Self.most) { add(name, value) }
                for link in (answer[group]?.array ?? []).prefix(Self.most) { add(link["rel"]?.string ?? "", link) }
            }
        }
        func first(_ names: [String]) -> String? { names.lazy.compactMap { links[$0] }.first }
        question = first(Self.questions)
        result = first(Self.results)
        cancellation = first(Self.cancellations)
    }
}
