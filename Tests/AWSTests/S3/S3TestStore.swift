// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import StandIns
import TestSupport

@testable import AWS

/// A stand-in store, a client of it, and a temporary folder.
final class S3TestStore: Sendable {
    /// Size of a part in bytes. The stand-in accepts small parts, real stores do not.
    static let part = 64 * 1024
    static let realPart = 5 * 1024 * 1024

    private let partSize: Int
    let store: StandIn
    let client: S3Client
    let folder = TemporaryPath.new("store")
    private let environment: [String: String]

    /// - Parameters:
    ///   - variables: additional variables of the client.
    ///   - quirks: quirks of the stand-in `s3`.
    init(
        _ name: String = "s3", _ variables: [String: String] = [:], keys: (String, String) = ("k", "s"),
        quirks: JSONValue? = nil
    ) throws {
        store = try StandIn(name)
        environment = [
            "AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": keys.0, "AWS_SECRET_ACCESS_KEY": keys.1,
            "AWS_REGION": "us-east-1",
        ].merging(variables) { $1 }
        partSize = name == "s3" ? Self.part : Self.realPart
        client = S3Client(account: AWSAccount(environment: environment), partSize: partSize)
        // Another store may have used this port before.
        S3Features.reset(endpoint: store.url)
        if let quirks { try store.send(["quirks": quirks]) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func client(_ variables: [String: String]) -> S3Client {
        S3Client(account: AWSAccount(environment: environment.merging(variables) { $1 }), partSize: partSize)
    }

    func object(_ key: String) throws -> S3Location { try S3Location(bucket: "films", key: key) }

    /// Creates a file of pseudorandom bytes.
    func file(_ count: Int, seed: UInt64 = 88_172_645_463_325_252) throws -> String {
        var state = seed
        var bytes = [UInt64](repeating: 0, count: (count + 7) / 8)
        for index in bytes.indices {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes[index] = state
        }
        let path = "\(folder)/\(count)-\(seed)"
        try bytes.withUnsafeBytes { Data($0.prefix(count)) }.write(to: URL(filePath: path))
        return path
    }

    /// Uploads a file and downloads it.
    ///
    /// - Returns: whether the download equals the file.
    func roundTrip(_ size: Int, as key: String) async throws -> Bool {
        let path = try file(size)
        try await client.upload(.file(path), to: try object(key))
        _ = try await client.download(try object(key), to: "\(folder)/copy")
        return FileManager.default.contentsEqual(atPath: path, andPath: "\(folder)/copy")
    }

    /// The requests whose line matches a regular expression.
    func seen(_ pattern: String) throws -> [String] {
        (try store.send(["seen": .string(pattern)])["seen"]?.array ?? []).compactMap(\.string)
    }
}
