// SPDX-License-Identifier: Apache-2.0

import Faults

/// The method handlers of a service, by name.
struct MethodRegistry: Sendable {
    private let handlers: [String: MethodHandler]

    /// Creates a registry.
    ///
    /// - Throws: `internal` if two handlers answer the same method.
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

    /// The names of all methods, sorted.
    var names: [String] { handlers.keys.sorted() }

    /// The largest request limit of all methods, in bytes; 0 if the service's own line limit suffices.
    var requestLimit: Int { handlers.values.map(\.requestLimit).max() ?? 0 }
}
