import Faults

/// The methods of a service by their names.
struct MethodRegistry: Sendable {
    private let handlers: [String: MethodHandler]

    /// - Throws: `internal` where two handlers answer one method.
    init(_ handlers: [MethodHandler]) throws(ServiceError) {
        var byName: [String: MethodHandler] = [:]
        for handler in handlers {
            guard byName.updateValue(handler, forKey: handler.name) == nil else {
                throw ServiceError(.internal, "two handlers answer \(handler.name)")
            }
        }
        self.handlers = byName
    }

    subscript(name: String) -> MethodHandler? { handlers[name] }

    /// In alphabetical order.
    var names: [String] { handlers.keys.sorted() }

    /// Bytes that a line must be allowed to have for the requests of all methods; 0 if the service's own limit will do.
    var requestLimit: Int { handlers.values.map(\.requestLimit).max() ?? 0 }
}
