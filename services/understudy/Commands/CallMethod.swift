// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

/// `understudy call`: calls any method of a service.
struct CallMethod: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Call a method and print its result as JSON.",
        discussion: """
            The parameters are compared with the description of the method before anything is sent. If the call fails, the exit
            status is 1, and the error is printed on standard error; in a terminal the progress of the call, too.
            """)

    @Argument(
        help: "imagegen, clipper, stitcher, logger, agent5, orchestrator, or any service in the run directory.",
        completion: Completions.services)
    var service: String

    @Argument(help: "E.g. rpc.health, clipper.probe.", completion: Completions.methods)
    var method: String

    @Argument(
        help: ArgumentHelp("Parameters as JSON; @FILE reads a file, - reads standard input.", valueName: "json"),
        completion: Completions.parameters)
    var params: String = "{}"

    @Flag(help: "Print an error as the complete JSON object.")
    var raw = false

    @Option(help: ArgumentHelp("Seconds to wait for the result; without a limit if absent.", valueName: "s"))
    var timeout: Double?

    func validate() throws {
        guard let timeout else { return }
        var limit = TimeLimit()
        limit.timeout = timeout
        try limit.validate()
    }

    func run() async throws {
        let settings = try ServiceSettings()
        let text = try Self.text(of: params)
        let value: JSONValue
        do {
            value = try JSONCoding.decode(JSONValue.self, from: text)
        } catch {
            throw ServiceError(
                .invalidParams, "the parameters are not JSON: \(String(decoding: text.prefix(80), as: UTF8.self))")
        }
        let limit = timeout.map { Duration.clamping(seconds: $0) }
        do {
            func connect() async throws -> RPCConnection {
                try await ReplicaConnection.connect(
                    ServiceName(rawValue: service), in: settings.runDirectory,
                    timeout: limit ?? ReplicaConnection.defaultTimeout)
            }
            var connection = try await connect()
            try await check(value, connection)
            // A service in another language need not describe itself, and may have closed the connection.
            if !connection.isOpen { connection = try await connect() }
            let result = try await connection.call(method, params: value, timeout: limit) { report in
                guard Terminal.showsErrors else { return }
                Terminal.printError("\(Int(clamping: report.fraction * 100)) % \(report.message.printable())")
            }
            try Terminal.printJSON(result)
        } catch let error as any ServiceErrorConvertible where raw {
            StandardStreams.error(try JSONCoding.pretty(error.serviceError).printableJSON() + "\n")
            throw ExitCode(1)
        }
    }

    /// Compares the parameters with the description of the method, if the service describes it.
    private func check(_ params: JSONValue, _ connection: RPCConnection) async throws {
        let document = try? await connection.call(SystemMethod.discover.rawValue, params: [:], timeout: .seconds(5))
        guard let described = document?["methods"]?.array?.first(where: { $0["name"]?.string == method }) else {
            return
        }
        try SchemaCheck.check(params, of: described)
    }

    /// The JSON text that an argument stands for.
    private static func text(of argument: String) throws -> Data {
        if argument == "-" {
            var bytes = Data()
            while let line = readLine(strippingNewline: false) { bytes += Data(line.utf8) }
            return bytes
        }
        guard argument.hasPrefix("@") else { return Data(argument.utf8) }
        let path = String(argument.dropFirst())
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ServiceError(.notFound, "\(path) cannot be read")
        }
    }
}
