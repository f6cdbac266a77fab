// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// `understudy receipt`: shows the receipt of a job.
struct ShowReceipt: AsyncParsableCommand {
    /// Bytes of a receipt file.
    private static let maximumBytes = 16 * 1024 * 1024

    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Show who made a job's film, why, and what it cost.",
        discussion: "A receipt.json is read from its path or URI without a running service.")

    @Argument(help: "The job's ID, or the path or URI of its receipt.json.")
    var job: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let receipt =
            try await job.contains("/")
            ? Self.read(try StagedInputs.uri(job)) : limit.call(OrchestratorAPI.receipt, JobReference(jobID: job))
        json ? try Terminal.printJSON(receipt) : Terminal.print(ReceiptSummary.text(receipt))
    }

    private static func read(_ file: ArtifactURI) async throws -> Receipt {
        let path = file.scheme == .file ? file.path : file.description
        let artifacts = Artifacts()
        guard try await artifacts.info(file) != nil else {
            throw ServiceError(.notFound, "there is no receipt \(path)")
        }
        let data = try await artifacts.read(file, maximum: maximumBytes)
        do {
            return try JSONCoding.decode(Receipt.self, from: data)
        } catch let error as DecodingError {
            let reason = ServiceError.invalidParams(from: error).message
            throw ServiceError(.invalidParams, "\(path) is not a receipt: \(reason)")
        }
    }
}
