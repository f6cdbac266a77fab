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

/// One maker with its stand-in, whose clips are a few bytes.
final class PaidOrderScene: Sendable {
    enum Maker: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case replicate
        case videos = "openai_videos"
        var testDescription: String { rawValue }
    }

    let standIn: StandIn
    let maker: any ClipMaker
    let folder: String
    let price: USD
    let spending: LeadSpending

    init(_ which: Maker, _ folder: String, _ pauses: OrderPauses, timeout: Double = 20, limit: USD? = nil) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clip = "\(folder)/clip.mp4"
        try Data([0, 0, 0, 8] + Array("ftypmp42".utf8) + [UInt8](repeating: 0, count: 5000)).write(
            to: URL(filePath: clip))
        let prices = "\(folder)/prices.json"
        try #"{"lead": {"replicate": {"clip": 0.5}, "openai-videos": {"clip": 0.5}}}"#.write(
            toFile: prices, atomically: true, encoding: .utf8)
        standIn = try StandIn(which.rawValue)
        self.folder = folder
        price = USD(0.5)
        spending = LeadSpending(limit: limit)
        let http = HTTPClient(environment: [:])
        switch which {
        case .replicate:
            try standIn.ask(["deliver": .string(clip)])
            maker = ReplicateClips(
                client: ReplicateClient(
                    base: standIn.url, token: Secret("good-key"), http: http, pauses: pauses), model: "acme/film",
                input: try ReplicateInput(nil, usual: ReplicateClips.usualInput, variable: "X"),
                lengths: try ClipLengths("4"), timeout: timeout, prices: try PriceList.read(prices))
        case .videos:
            try standIn.ask(["clips": ["4": .string(clip)], "listed": true])
            maker = OpenAIVideos(
                base: "\(standIn.url)/v1", key: Secret("good-key"), model: nil, lengths: try ClipLengths("4"),
                timeout: timeout, http: http, prices: try PriceList.read(prices), pauses: pauses)
        }
    }

    /// Buys a clip with the notes of a folder.
    func buy(prompt: String = "a hill", segment: String = "a", as notes: CallNotes = CallNotes()) async throws
        -> MadeClip
    {
        let purchase = ClipPurchase(
            maker: maker, ledger: LeadLedger(folder: "\(folder)/orders"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await purchase.buy(
            ClipOrder(prompt: prompt, seconds: 4, width: 640, height: 360),
            ContentKey(["prompt": prompt, "segment": segment]),
            call: "c",
            to: "\(folder)/got.mp4", spending, notes
        ) { _ in }
    }

    var seen: JSONValue { get throws { try standIn.ask(["requests": true]) } }
    /// POSTs, whatever became of them.
    var sent: Int { get throws { try seen["requests"]?.array?.count ?? 0 } }
    var cancelled: Int {
        get throws { (try seen["cancelled"]?.array ?? seen["deleted"]?.array)?.count ?? 0 }
    }
}
