// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Foundation
import HTTP
import JSON
import Logging
import Prices
import Providers
import Secrets
import StandIns
import Testing

@testable import Agent5

/// A clip generator with its stand-in, whose clips have a few bytes.
final class PaidOrderFixture: Sendable {
    enum Generator: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case replicate
        case videos = "openai_videos"
        var testDescription: String { rawValue }
    }

    let standIn: StandIn
    let generator: any ClipGenerator
    let folder: String
    let price: USD
    let spending: LeadSpending

    init(
        _ kind: Generator, _ folder: String, _ intervals: OrderPollingIntervals, timeout: Double = 20,
        limit: USD? = nil
    ) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clip = "\(folder)/clip.mp4"
        try Data([0, 0, 0, 8] + Array("ftypmp42".utf8) + [UInt8](repeating: 0, count: 5000)).write(
            to: URL(filePath: clip))
        let prices = "\(folder)/prices.json"
        try #"{"lead": {"replicate": {"clip": 0.5}, "openai-videos": {"clip": 0.5}}}"#.write(
            toFile: prices, atomically: true, encoding: .utf8)
        standIn = try StandIn(kind.rawValue)
        self.folder = folder
        price = USD(0.5)
        spending = LeadSpending(limit: limit)
        let http = HTTPClient(environment: [:])
        switch kind {
        case .replicate:
            try standIn.send(["deliver": .string(clip)])
            generator = ReplicateClips(
                client: ReplicateClient(
                    base: standIn.url, token: Secret("good-key"), http: http, intervals: intervals), model: "acme/film",
                input: try ReplicateInput(nil, defaults: ReplicateClips.defaultInput, variable: "X"),
                lengths: try ClipLengths("4"), timeout: timeout, prices: try PriceList.read(prices))
        case .videos:
            try standIn.send(["clips": ["4": .string(clip)], "listed": true])
            generator = OpenAIVideos(
                base: "\(standIn.url)/v1", key: Secret("good-key"), model: nil, lengths: try ClipLengths("4"),
                timeout: timeout, http: http, prices: try PriceList.read(prices), intervals: intervals)
        }
    }

    /// Orders a clip with the order stores of this fixture's folder.
    func buy(prompt: String = "a hill", segment: String = "a", stores: CallOrderStores = CallOrderStores()) async throws
        -> GeneratedClip
    {
        let purchase = ClipPurchase(
            generator: generator, callStore: LeadCallStore(folder: "\(folder)/orders"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await purchase.buy(
            ClipOrder(prompt: prompt, seconds: 4, width: 640, height: 360),
            ContentKey(["prompt": prompt, "segment": segment]),
            call: "c",
            to: "\(folder)/got.mp4", spending, stores
        ) { _ in }
    }

    /// What the stand-in has recorded.
    var recorded: JSONValue { get throws { try standIn.send(["requests": true]) } }
    /// The number of orders that were sent, whatever their outcome.
    var sentCount: Int { get throws { try recorded["requests"]?.array?.count ?? 0 } }
    /// The number of orders that were cancelled.
    var cancelledCount: Int {
        get throws { (try recorded["cancelled"]?.array ?? recorded["deleted"]?.array)?.count ?? 0 }
    }
}
