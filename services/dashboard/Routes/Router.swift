// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

// A table of routes instead of a web framework: the dashboard has some 30 routes with at most three variable components, decides about a
// request before its body is read, and answers from the event loop what needs no suspension. Hummingbird or Vapor would replace the
// server on NIO as well, and add their dependencies and minutes of build time, for what the types below do.

/// The type of a variable path component, e.g. a job's ID.
protocol PathParameter: Sendable {
    /// - Returns: `nil` if the component is not such a value: the route does not match then.
    init?(pathComponent: String)
}

extension String: PathParameter {
    /// Accepts every component: `WebRequest` has checked it.
    init?(pathComponent: String) { self = pathComponent }
}

extension PathParameter where Self: RawRepresentable, RawValue == String {
    /// Accepts the raw values.
    init?(pathComponent: String) { self.init(rawValue: pathComponent) }
}

/// A path whose variable components are in braces: `/api/jobs/{job}/receipt`.
struct PathPattern: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The pattern as it was written.
    let description: String
    /// The constant components, and `nil` for each variable one.
    private let components: [String?]

    init(stringLiteral text: String) {
        description = text
        components = text.split(separator: "/").map { $0.hasPrefix("{") && $0.hasSuffix("}") ? nil : String($0) }
    }

    /// The number of variable components.
    var variableCount: Int { components.count { $0 == nil } }

    /// - Returns: the variable components of a path, in order; `nil` if the path does not match.
    func variables(of path: [String]) -> [String]? {
        guard path.count == components.count else { return nil }
        var variables: [String] = []
        for (component, expected) in zip(path, components) {
            if let expected {
                guard component == expected else { return nil }
            } else {
                variables.append(component)
            }
        }
        return variables
    }
}

/// The handler of one method of one path.
///
/// ```swift
/// Route(.GET, "/api/jobs/{job}/receipt") { (_, job: String) in try .json(await receipt(of: job)) }
/// ```
struct Route: Sendable {
    /// Who may use a route.
    enum Access: Sendable {
        /// Every client that uses an accepted host name.
        case open
        /// Clients that `AccessPolicy.check` accepts.
        case authorized
        /// The same, but `Origin` is checked although the request only reads: browsers open WebSockets across sites.
        case sameOrigin
    }

    /// What the body of a request may be.
    enum Body: Sendable {
        case none
        /// JSON, in memory.
        case json
        /// A file, streamed to the disk.
        case upload
    }

    /// A route whose variable components were read from a path.
    struct Match: Sendable {
        let route: Route
        /// Responds to the request.
        let respond: @Sendable (WebRequest) async throws -> WebResponse
        /// Responds on the event loop; `nil` if the response needs a suspension.
        let respondImmediately: @Sendable (WebRequest) -> WebResponse?
    }

    let method: HTTPMethod
    let pattern: PathPattern
    let access: Access
    let body: Body
    /// The number of values that the handler takes; must be that of the pattern's variables.
    let parameterCount: Int
    private let bind: @Sendable (Route, [String]) -> Match?

    /// Creates a route.
    ///
    /// - Parameters:
    ///   - method: GET, which answers HEAD too, or POST.
    ///   - pattern: a path with a variable component for each value.
    ///   - access: who may use the route.
    ///   - body: none for GET and JSON for POST by default.
    ///   - immediate: responds to requests that need no suspension, and returns `nil` for others.
    ///   - handler: takes the request and the values of the variable components, in order.
    init<each Value: PathParameter>(
        _ method: HTTPMethod, _ pattern: PathPattern, access: Access = .authorized, body: Body? = nil,
        immediate: (@Sendable (WebRequest, repeat each Value) -> WebResponse?)? = nil,
        handler: @escaping @Sendable (WebRequest, repeat each Value) async throws -> WebResponse
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.body = body ?? (method == .GET ? .none : .json)
        var count = 0
        func add<V>(_: V.Type) { count += 1 }
        repeat add((each Value).self)
        parameterCount = count
        bind = { route, components in
            guard let values = try? PathValues.read((repeat each Value).self, from: components) else { return nil }
            return Match(
                route: route, respond: { try await handler($0, repeat each values) },
                respondImmediately: { immediate?($0, repeat each values) })
        }
    }

    /// - Returns: `nil` if the path does not match the pattern, or a component is not of its parameter's type.
    func match(_ path: [String]) -> Match? { pattern.variables(of: path).flatMap { bind(self, $0) } }
}

/// Reads the values of variable path components.
private enum PathValues {
    private struct Mismatch: Error {}

    static func read<each Value: PathParameter>(
        _: (repeat each Value).Type, from components: [String]
    ) throws -> (repeat each Value) {
        var rest = components[...]
        func next<V: PathParameter>(_: V.Type) throws -> V {
            guard let component = rest.popFirst(), let value = V(pathComponent: component) else { throw Mismatch() }
            return value
        }
        let values = (repeat try next((each Value).self))
        guard rest.isEmpty else { throw Mismatch() }
        return values
    }
}

/// Finds the route of a request in a table.
struct Router: Sendable {
    /// The result of a lookup.
    enum Result: Sendable {
        case found(Route.Match)
        /// The path exists, but only for these methods.
        case methodNotAllowed([HTTPMethod])
        case notFound
    }

    let routes: [Route]

    init(_ routes: [Route]) { self.routes = routes }

    /// Looks up a route. Routes of GET answer HEAD too. Where several match, the first one is chosen.
    func match(_ method: HTTPMethod, _ path: [String]) -> Result {
        let matches = routes.compactMap { $0.match(path) }
        let wanted = method == .HEAD ? .GET : method
        if let match = matches.first(where: { $0.route.method == wanted }) { return .found(match) }
        var allowed: [HTTPMethod] = []
        for method in matches.map(\.route.method) where !allowed.contains(method) {
            allowed += method == .GET ? [.GET, .HEAD] : [method]
        }
        return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed)
    }
}
