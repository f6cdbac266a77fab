// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import Faults
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

/// `understudy describe`: describes the methods of a running service.
struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Describe a running service, or one of its methods: parameters with bounds and units, and results.",
        discussion: "An asterisk marks the members that must be present.")

    @Argument(help: "E.g. clipper.", completion: Completions.services)
    var service: String

    @Argument(
        help: "E.g. clipper.create; all methods in one line each if absent.", completion: Completions.methods)
    var method: String?

    @Flag(help: "Print the OpenRPC document, or the part of it that describes the method.")
    var json = false

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        try RunningReplicas.check(service: service, instance: nil, in: directory)
        let connection = try await ReplicaConnection.connect(ServiceName(rawValue: service), in: directory)
        let document = try await connection.call(SystemMethod.discover.rawValue, params: [:])
        await connection.close()
        let methods = document["methods"]?.array ?? []
        guard let method else {
            return try json ? Terminal.printJSON(document) : Terminal.print(ContractText.overview(of: document))
        }
        guard let found = methods.first(where: { $0["name"]?.string == method }) else {
            let names = methods.compactMap { $0["name"]?.string }
            let nearest = EditDistance.nearest(to: method, among: names).map { ": did you mean \($0)?" } ?? ""
            throw ServiceError(
                .notFound, "\(service) has no method \(method.bounded(to: TextBound.quotation))\(nearest)")
        }
        try json ? Terminal.printJSON(found) : Terminal.print(ContractText.details(of: found))
    }
}
