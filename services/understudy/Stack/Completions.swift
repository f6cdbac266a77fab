// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import JSON
import JSONRPC
import ServiceKit
import ServicePool

/// What shells suggest for arguments that name a part of the running stack.
enum Completions {
    /// The running services.
    static let services = CompletionKind.custom { _, _, _ in
        guard let directory = try? ServiceSettings().runDirectory else { return [] }
        return directory.services().filter { !directory.instances(of: $0).isEmpty }
    }

    /// The running replicas of the service that was named before.
    static let instances = CompletionKind.custom { words, _, _ in
        guard let directory = try? ServiceSettings().runDirectory, let service = named(words).first else { return [] }
        return directory.instances(of: service)
    }

    /// The methods of the service that was named before.
    static let methods = CompletionKind.custom { words, _, _ async in
        await described(named(words).first).compactMap { $0["name"]?.string }
    }

    /// The parameters of the method that was named before, each as the beginning of a JSON object.
    static let parameters = CompletionKind.custom { words, _, _ async in
        let names = named(words)
        let method = await described(names.first).first { names.count > 1 && $0["name"]?.string == names[1] }
        return (method?["params"]?.array ?? []).compactMap { $0["name"]?.string }.map { "{\(JSONText.quote($0)):" }
    }

    /// The arguments after the program and its command, without options.
    private static func named(_ words: [String]) -> [String] {
        Array(words.filter { !$0.hasPrefix("-") }.dropFirst(2))
    }

    /// The descriptions of a service's methods; none if it does not answer within a second, since someone waits at a prompt.
    private static func described(_ service: String?) async -> [JSONValue] {
        guard let service, let directory = try? ServiceSettings().runDirectory,
            let connection = try? await ReplicaConnection.connect(
                ServiceName(rawValue: service), in: directory, timeout: .seconds(1)),
            let document = try? await connection.call(
                SystemMethod.discover.rawValue, params: [:], timeout: .seconds(1))
        else { return [] }
        return document["methods"]?.array ?? []
    }
}
