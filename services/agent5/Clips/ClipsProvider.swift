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

/// A lead that has clips generated: one for each segment, or one for the whole film; each brought to its segment's length.
struct ClipsProvider: VideoProvider {
    enum Scope: String, Sendable, CaseIterable {
        case segments, film
    }

    let maker: any ClipMaker
    /// What is made where the request does not want clips of its own.
    let scope: Scope
    /// Clips at a time.
    let width: Int
    let media: MediaWork
    let ledger: LeadLedger
    let logger: Logger

    private struct Wanted: Sendable {
        var id: String
        var guidance: String
        /// Seconds.
        var duration: Double
    }

    private struct Delivered: Sendable {
        var uri: String
        var cost: USD
        var warnings: [String]
    }

    /// What all clips of a call share.
    private struct Work: Sendable {
        var jobID: String
        /// Names the call.
        var call: String
        var delivery: LeadDelivery
        var format: VideoFormat
        var spending: LeadSpending
        var notes: CallNotes
    }

    private struct Board: Decodable {
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
                let given = id ?? segmentID
                return given?.string ?? given?.double.flatMap { Int64(exactly: $0) }.map { String($0) } ?? ""
            }
        }

        var segments: [Segment]
    }

    /// A call whose connection is lost finishes: its clips are paid for, and the caller asks again with the same key. Only the
    /// caller's `rpc.cancel` cancels the orders.
    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let notes = CallNotes()
        // Only then: a process that is killed before leaves what its successor needs to continue the orders.
        defer { notes.forget() }
        guard let key = request.idempotencyKey else { return try await make(request, call, notes) }
        let work = Task { try await ledger.once(key) { try await make(request, call, notes) } }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            if call.isCancelledByCaller { work.cancel() }
        }
    }

    private func make(_ request: AgentRequest, _ call: Call, _ notes: CallNotes) async throws -> AgentResult {
        let spending = LeadSpending(limit: request.options?.maxCost)
        do {
            return spending.booked(try await make(request, call, spending, notes))
        } catch is CancellationError {
            throw spending.cancelled()
        } catch let error as ServiceError {
            throw error.kind == .cancelled ? spending.cancelled() : spending.booked(error)
        }
    }

    private func make(
        _ request: AgentRequest, _ call: Call, _ spending: LeadSpending, _ notes: CallNotes
    ) async throws -> AgentResult {
        let board = try JSONCoding.decode(Board.self, from: try JSONCoding.encode(request.storyboard))
        if let index = board.segments.firstIndex(where: { !FilmBounds.duration.contains($0.duration) }) {
            throw ServiceError.invalidParams(
                at: "/storyboard/segments/\(index)/duration", expected: FilmBounds.duration.expected)
        }
        let all = board.segments.map { Wanted(id: $0.name, guidance: $0.guidance, duration: $0.duration) }
        let format = try VideoFormat(
            width: request.options?.width, height: request.options?.height, fps: request.options?.fps)
        let work = Work(
            jobID: request.jobID, call: request.idempotencyKey ?? UUID().uuidString,
            delivery: try LeadDelivery(request, media.artifacts), format: format,
            spending: spending, notes: notes)
        if request.segments == nil, scope == .film {
            let whole = Wanted(
                id: "film", guidance: all.map(\.guidance).joined(separator: "\n\n"),
                duration: all.reduce(0) { $0 + $1.duration })
            try check([whole], request, work)
            let made = try await make(whole, work) { call.progress($0 ?? 0, "\(maker.name): the film") }
            var result = AgentResult(video: made.uri, cost: made.cost)
            result.warnings = made.warnings.isEmpty ? nil : made.warnings
            return result
        }
        let wanted = request.segments.map { ids in all.filter { ids.contains($0.id) } } ?? all
        try check(wanted, request, work)
        return try await clips(wanted, work, call)
    }

    /// Orders nothing that costs more than the job may. Orders that were made before are continued, whatever is left.
    private func check(_ wanted: [Wanted], _ request: AgentRequest, _ work: Work) throws(ServiceError) {
        guard let limit = request.options?.maxCost, !wanted.contains(where: { ledger.hasNote(key($0, work)) }) else {
            return
        }
        let price = wanted.reduce(USD.zero) { $0 + maker.price(order($1, work.format)) }
        guard price <= limit else {
            throw ServiceError(
                .quotaExhausted,
                "\(maker.name): \(wanted.count) \(wanted.count == 1 ? "clip costs" : "clips cost") \(price.text), more than "
                    + "the limit max_cost_usd of \(limit.text); nothing was ordered",
                retryable: false, provider: maker.name)
        }
    }

    private func order(_ wanted: Wanted, _ format: VideoFormat) -> ClipOrder {
        ClipOrder(
            prompt: wanted.guidance, seconds: maker.lengths.covering(wanted.duration), width: format.width,
            height: format.height)
    }

    /// The clips of segments, some at a time. What cannot help the next one ends them all.
    private func clips(
        _ wanted: [Wanted], _ work: Work, _ call: Call
    ) async throws -> AgentResult {
        var result = AgentResult()
        var failures: [ServiceError] = []
        var warnings: [String] = []
        var stop: ServiceError?
        let progress = ClipProgress(of: wanted.count, by: maker.name, call)
        try await withThrowingTaskGroup(of: (Wanted, Result<Delivered, ServiceError>).self) { group in
            var waiting = wanted.makeIterator()
            func next() {
                guard stop == nil, let segment = waiting.next() else { return }
                group.addTask {
                    do {
                        return (segment, .success(try await make(segment, work) { progress.report(segment.id, $0) }))
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        return (segment, .failure(ServiceError(wrapping: error)))
                    }
                }
            }
            for _ in 0..<width { next() }
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
                    if error.order == .unknown { warnings.append("\(segment.id): \(error.message)") }
                    if error.kind == .quotaExhausted || error.kind == .unauthorized { stop = error }
                }
                progress.over(segment.id)
                next()
            }
        }
        let done = Set(result.clips.map(\.segmentID))
        if let stop {
            result.clips += wanted.filter { !done.contains($0.id) }.map { AgentClip(segmentID: $0.id, error: stop) }
        }
        result.warnings = warnings.isEmpty ? nil : warnings
        // One that must not be repeated speaks for all of them: the caller would order each clip again.
        if result.clips.allSatisfy({ $0.clip == nil }),
            let worst = failures.first(where: { !$0.retryable }) ?? failures.first
        {
            throw worst
        }
        return result
    }

    /// Has one clip made, and brings it to its length.
    private func make(
        _ wanted: Wanted, _ work: Work, progress: @Sendable (Double?) -> Void
    ) async throws -> Delivered {
        let raw = FileManager.default.temporaryDirectory.path + "/agent5-\(UUID().uuidString).mp4"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        let begun = ContinuousClock.now
        let order = order(wanted, work.format)
        let made = try await ClipPurchase(maker: maker, ledger: ledger, logger: logger)
            .buy(order, key(wanted, work), call: work.call, to: raw, work.spending, work.notes, progress: progress)
        for warning in made.warnings { logger.warning("\(wanted.id): \(warning)") }
        logger.info(
            "made a clip",
            metadata: [
                "segment": "\(wanted.id)", "provider": "\(maker.name)", "request_id": "\(made.requestID)",
                "bytes": "\(made.bytes)", "seconds": "\(begun.duration(to: .now).milliseconds / 1000)",
            ])
        do {
            return Delivered(
                uri: try await cut(raw, wanted, work), cost: made.cost,
                warnings: made.warnings.map { "\(wanted.id): \($0)" })
        } catch {
            work.spending.lost(made.cost)
            if error is CancellationError { throw error }
            var fault = ServiceError(wrapping: error)
            if error is MediaError { fault.message = "\(maker.name): \(fault.message)" }
            throw PaidWork(provider: maker.name, id: made.requestID).lost(fault)
        }
    }

    /// Brings a clip to its segment's length, in the store.
    private func cut(_ raw: String, _ wanted: Wanted, _ work: Work) async throws -> String {
        // A little more than promised rather than less: the film cuts it to the frame.
        let rate = work.format.rate
        // trusted: an hour for a segment at the most, as was checked
        let frames = Int((wanted.duration * Double(rate.numerator) / Double(rate.denominator)).rounded(.up))
        let part = FilmPart(clip: raw, frames: max(frames, 1), audio: nil, title: wanted.id)
        let recipe = FilmRecipe(parts: [part], format: work.format)
        let target = try work.delivery.prefix.appending("agent5_\(wanted.id).mp4")
        var attempt = 1
        while true {
            do {
                _ = try await media.make(target) { path, cancelled in
                    try Film.stitch(recipe, output: path, cancelled: cancelled)
                }
                return target.description
            } catch let error as ServiceError where error.retryable && attempt < 3 {
                // The clip is paid for: a store that fails for a moment does not cost another one.
                attempt += 1
                guard let pause = RetryPause.seconds(error.retryAfter) else { throw error }
                try await Task.sleep(for: .clamping(seconds: pause))
            }
        }
    }

    /// All that makes the clip of a job's segment what it is.
    private func key(_ wanted: Wanted, _ work: Work) -> ContentKey {
        let order = order(wanted, work.format)
        return ContentKey([
            "job": work.jobID, "segment": wanted.id, "maker": maker.identity, "prompt": order.prompt,
            "seconds": "\(order.seconds)", "size": "\(order.width)x\(order.height)",
        ])
    }
}
