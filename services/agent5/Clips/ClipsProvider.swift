// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Logging
import Media
import MediaService
import Parameters
import Providers
import Timebase
import Untrusted

/// A lead that orders clips from a generator: one for each segment, or one for the whole film. Each clip is cut to its segment's
/// duration.
struct ClipsProvider: VideoProvider {
    /// What is ordered. The raw values are settings.
    enum Scope: String, Sendable, CaseIterable {
        case segments, film
    }

    let generator: any ClipGenerator
    /// What is ordered unless the request names segments.
    let scope: Scope
    /// The maximum number of concurrent orders.
    let concurrency: Int
    let media: MediaWork
    let callStore: LeadCallStore
    let logger: Logger

    /// A clip to generate.
    private struct ClipRequest: Sendable {
        var id: String
        var guidance: String
        /// The duration of the segment, in seconds.
        var duration: Double
    }

    /// A clip in the artifact store.
    private struct DeliveredClip: Sendable {
        var uri: String
        var cost: USD
        var warnings: [String]
    }

    /// The state that all clips of a call share.
    private struct CallState: Sendable {
        var jobID: String
        /// The name of the call.
        var call: String
        var delivery: LeadDelivery
        var format: VideoFormat
        var spending: LeadSpending
        var stores: CallOrderStores
    }

    /// The part of a storyboard that is used.
    private struct StoryboardSegments: Decodable {
        struct Segment: Decodable {
            var id: JSONValue?
            var segmentID: JSONValue?
            var guidance: String
            var duration: Double

            private enum CodingKeys: String, CodingKey {
                case id, duration
                case segmentID = "segment_id"
                case guidance = "visual_guidance"
            }

            var name: String {
                let value = id ?? segmentID
                return value?.string ?? value?.double.flatMap { Int64(exactly: $0) }.map { String($0) } ?? ""
            }
        }

        var segments: [Segment]
    }

    /// Implements `agent.process`.
    ///
    /// A call with an idempotency key continues after its connection is lost: its clips are paid for, and the caller will retry
    /// with the same key. Only the caller's `rpc.cancel` cancels the orders.
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let stores = CallOrderStores()
        // Not earlier: the next process needs them to continue the orders if this one is killed.
        defer { stores.removeAll() }
        guard let key = request.idempotencyKey else { return try await make(request, call, stores) }
        let work = Task { try await callStore.runOnce(key) { try await make(request, call, stores) } }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            if call.isCancelledByCaller { work.cancel() }
        }
    }

    private func make(_ request: AgentRequest, _ call: Call, _ stores: CallOrderStores) async throws -> AgentResult {
        let spending = LeadSpending(limit: request.options?.maxCost)
        do {
            return spending.addingCosts(to: try await make(request, call, spending, stores))
        } catch is CancellationError {
            throw spending.cancelled()
        } catch let error as ServiceError {
            throw error.kind == .cancelled ? spending.cancelled() : spending.addingCosts(to: error)
        }
    }

    private func make(
        _ request: AgentRequest, _ call: Call, _ spending: LeadSpending, _ stores: CallOrderStores
    ) async throws -> AgentResult {
        let storyboard = try JSONCoding.decode(StoryboardSegments.self, from: try JSONCoding.encode(request.storyboard))
        if let index = storyboard.segments.firstIndex(where: { !FilmBounds.duration.contains($0.duration) }) {
            throw ServiceError.invalidParams(
                at: "/storyboard/segments/\(index)/duration", expected: FilmBounds.duration.expected)
        }
        let all = storyboard.segments.map { ClipRequest(id: $0.name, guidance: $0.guidance, duration: $0.duration) }
        let format = try VideoFormat(
            width: request.options?.width, height: request.options?.height, fps: request.options?.fps)
        let state = CallState(
            jobID: request.jobID, call: request.idempotencyKey ?? UUID().uuidString,
            delivery: try LeadDelivery(request, media.artifacts), format: format,
            spending: spending, stores: stores)
        if request.segments == nil, scope == .film {
            let whole = ClipRequest(
                id: "film", guidance: all.map(\.guidance).joined(separator: "\n\n"),
                duration: all.reduce(0) { $0 + $1.duration })
            try check([whole], request, state)
            let made = try await make(whole, state) { call.progress($0 ?? 0, "\(generator.name): the film") }
            var result = AgentResult(video: made.uri, cost: made.cost)
            result.warnings = made.warnings.isEmpty ? nil : made.warnings
            return result
        }
        let wanted = request.segments.map { ids in all.filter { ids.contains($0.id) } } ?? all
        try check(wanted, request, state)
        return try await clips(wanted, state, call)
    }

    /// Fails if the clips cost more than the budget, before anything is ordered. Pending orders are continued regardless of the
    /// budget.
    private func check(_ wanted: [ClipRequest], _ request: AgentRequest, _ state: CallState) throws(ServiceError) {
        guard let limit = request.options?.maxCost, !wanted.contains(where: { callStore.hasOrders(key($0, state)) })
        else {
            return
        }
        let price = wanted.reduce(USD.zero) { $0 + generator.price(order($1, state.format)) }
        guard price <= limit else {
            throw ServiceError(
                .quotaExhausted,
                "\(generator.name): \(wanted.count) \(wanted.count == 1 ? "clip costs" : "clips cost") \(price.text), more than "
                    + "the limit max_cost_usd of \(limit.text); nothing was ordered",
                retryable: false, provider: generator.name)
        }
    }

    private func order(_ wanted: ClipRequest, _ format: VideoFormat) -> ClipOrder {
        ClipOrder(
            prompt: wanted.guidance, seconds: generator.lengths.covering(wanted.duration), width: format.width,
            height: format.height)
    }

    /// Generates the clips of segments concurrently. An error that would affect every further clip stops all of them.
    private func clips(
        _ wanted: [ClipRequest], _ state: CallState, _ call: Call
    ) async throws -> AgentResult {
        var result = AgentResult()
        var failures: [ServiceError] = []
        var warnings: [String] = []
        var stop: ServiceError?
        let progress = ClipProgress(of: wanted.count, by: generator.name, call)
        try await withThrowingTaskGroup(of: (ClipRequest, Result<DeliveredClip, ServiceError>).self) { group in
            var remaining = wanted.makeIterator()
            func next() {
                guard stop == nil, let segment = remaining.next() else { return }
                group.addTask {
                    do {
                        return (segment, .success(try await make(segment, state) { progress.report(segment.id, $0) }))
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        return (segment, .failure(ServiceError(wrapping: error)))
                    }
                }
            }
            for _ in 0..<concurrency { next() }
            while let (segment, made) = try await group.next() {
                switch made {
                case .success(let made):
                    result.clips.append(AgentClip(segmentID: segment.id, clip: made.uri))
                    result.cost += made.cost
                    warnings += made.warnings
                case .failure(let error):
                    logger.warning("\(segment.id): \(error.message)")
                    result.clips.append(AgentClip(segmentID: segment.id, error: error))
                    failures.append(error)
                    if error.chargeStatus == .unknown { warnings.append("\(segment.id): \(error.message)") }
                    if error.kind == .quotaExhausted || error.kind == .unauthorized { stop = error }
                }
                progress.finish(segment.id)
                next()
            }
        }
        let done = Set(result.clips.map(\.segmentID))
        if let stop {
            result.clips += wanted.filter { !done.contains($0.id) }.map { AgentClip(segmentID: $0.id, error: stop) }
        }
        result.warnings = warnings.isEmpty ? nil : warnings
        // An error that is not retryable takes precedence: the caller would order each clip again.
        if result.clips.allSatisfy({ $0.clip == nil }),
            let worst = failures.first(where: { !$0.retryable }) ?? failures.first
        {
            throw worst
        }
        return result
    }

    /// Orders one clip, and cuts it to its duration.
    private func make(
        _ wanted: ClipRequest, _ state: CallState, progress: @Sendable (Double?) -> Void
    ) async throws -> DeliveredClip {
        let raw = FileManager.default.temporaryDirectory.path + "/agent5-\(UUID().uuidString).mp4"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        let start = ContinuousClock.now
        let order = order(wanted, state.format)
        let made = try await ClipPurchase(generator: generator, callStore: callStore, logger: logger)
            .buy(order, key(wanted, state), call: state.call, to: raw, state.spending, state.stores, progress: progress)
        for warning in made.warnings { logger.warning("\(wanted.id): \(warning)") }
        logger.info(
            "generated a clip",
            metadata: [
                "segment": "\(wanted.id)", "provider": "\(generator.name)", "request_id": "\(made.requestID)",
                "bytes": "\(made.bytes)", "seconds": "\(start.duration(to: .now).milliseconds / 1000)",
            ])
        do {
            return DeliveredClip(
                uri: try await cut(raw, wanted, state), cost: made.cost,
                warnings: made.warnings.map { "\(wanted.id): \($0)" })
        } catch {
            state.spending.recordLoss(made.cost)
            if error is CancellationError { throw error }
            var fault = ServiceError(wrapping: error)
            if error is MediaError { fault.message = "\(generator.name): \(fault.message)" }
            throw PaidResult(provider: generator.name, id: made.requestID).undelivered(fault)
        }
    }

    /// Cuts a clip to its segment's duration, and stores it.
    private func cut(_ raw: String, _ wanted: ClipRequest, _ state: CallState) async throws -> String {
        // Rounded up: the film cuts it to the exact frame.
        let rate = state.format.rate
        // trusted: segments have at most an hour, which was checked
        let frames = Int((wanted.duration * Double(rate.numerator) / Double(rate.denominator)).rounded(.up))
        let part = FilmPart(clip: raw, frames: max(frames, 1), audio: nil, title: wanted.id)
        let recipe = FilmRecipe(parts: [part], format: state.format)
        let target = try state.delivery.prefix.appending("agent5_\(wanted.id).mp4")
        var attempt = 1
        while true {
            do {
                _ = try await media.make(target) { path, cancelled in
                    try Film.stitch(recipe, output: path, cancelled: cancelled)
                }
                return target.description
            } catch let error as ServiceError where error.retryable && attempt < 3 {
                // The clip is paid for, so a transient failure of the artifact store is retried.
                attempt += 1
                guard let pause = RetryPause.seconds(error.retryAfter) else { throw error }
                try await Task.sleep(for: .clamping(seconds: pause))
            }
        }
    }

    /// The key of the job and of everything that determines the clip.
    private func key(_ wanted: ClipRequest, _ state: CallState) -> ContentKey {
        let order = order(wanted, state.format)
        return ContentKey([
            "job": state.jobID, "segment": wanted.id, "maker": generator.identity, "prompt": order.prompt,
            "seconds": "\(order.seconds)", "size": "\(order.width)x\(order.height)",
        ])
    }
}
