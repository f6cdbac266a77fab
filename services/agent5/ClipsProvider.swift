import Artifacts
import Contracts
import FoundationEssentials
import JSONRPC
import Logging
import Media
import MediaService
import Providers
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

    /// What all clips of a call share.
    private struct Work: Sendable {
        var jobID: String
        /// Names the call.
        var call: String
        var delivery: LeadDelivery
        var format: VideoFormat
        var spending: LeadSpending
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
        guard let key = request.idempotencyKey else { return try await make(request, call) }
        let work = Task { try await ledger.once(key) { try await make(request, call) } }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            if call.isCancelledByCaller { work.cancel() }
        }
    }

    private func make(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let spending = LeadSpending(limit: request.options?.maxCost)
        do {
            return spending.booked(try await make(request, call, spending))
        } catch is CancellationError {
            throw spending.cancelled()
        } catch let error as ServiceError {
            throw error.kind == .cancelled ? spending.cancelled() : spending.booked(error)
        }
    }

    private func make(_ request: AgentRequest, _ call: Call, _ spending: LeadSpending) async throws -> AgentResult {
        let board = try JSONCoding.decode(Board.self, from: try JSONCoding.encode(request.storyboard))
        if let index = board.segments.firstIndex(where: { !(0.1...3600).contains($0.duration) }) {
            throw ServiceError.invalidParams(
                at: "/storyboard/segments/\(index)/duration", expected: "seconds from 0.1 to 3600")
        }
        let all = board.segments.map { Wanted(id: $0.name, guidance: $0.guidance, duration: $0.duration) }
        let format = try VideoFormat(
            width: request.options?.width, height: request.options?.height, fps: request.options?.fps)
        let work = Work(
            jobID: request.jobID, call: request.idempotencyKey ?? UUID().uuidString,
            delivery: try LeadDelivery(request, media.artifacts), format: format,
            spending: spending)
        if request.segments == nil, scope == .film {
            let whole = Wanted(
                id: "film", guidance: all.map(\.guidance).joined(separator: "\n\n"),
                duration: all.reduce(0) { $0 + $1.duration })
            try check([whole], request, format)
            let made = try await make(whole, work) { call.progress($0, "\(maker.name): the film") }
            return AgentResult(video: made.uri, cost: made.cost)
        }
        let wanted = request.segments.map { ids in all.filter { ids.contains($0.id) } } ?? all
        try check(wanted, request, format)
        return try await clips(wanted, work, call)
    }

    /// Orders nothing that costs more than the job may.
    private func check(_ wanted: [Wanted], _ request: AgentRequest, _ format: VideoFormat) throws(ServiceError) {
        guard let limit = request.options?.maxCost else { return }
        let price = wanted.reduce(USD.zero) { $0 + maker.price(order($1, format)) }
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
        var first: ServiceError?
        var stop: ServiceError?
        try await withThrowingTaskGroup(of: (Wanted, Result<(uri: String, cost: USD), ServiceError>).self) { group in
            var waiting = wanted.makeIterator()
            func next() {
                guard stop == nil, let segment = waiting.next() else { return }
                group.addTask {
                    do {
                        return (segment, .success(try await make(segment, work) { _ in }))
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
                case .failure(let error):
                    logger.warning("\(segment.id): \(error.message)")
                    result.clips.append(AgentClip(segmentID: segment.id, error: error))
                    first = first ?? error
                    if error.kind == .quotaExhausted || error.kind == .unauthorized { stop = error }
                }
                call.progress(
                    Double(result.clips.count) / Double(wanted.count),
                    "\(maker.name): \(result.clips.count) of \(wanted.count) clips")
                next()
            }
        }
        let done = Set(result.clips.map(\.segmentID))
        if let stop {
            result.clips += wanted.filter { !done.contains($0.id) }.map { AgentClip(segmentID: $0.id, error: stop) }
        }
        if let first, result.clips.allSatisfy({ $0.clip == nil }) { throw first }
        return result
    }

    /// Has one clip made, and brings it to its length.
    private func make(
        _ wanted: Wanted, _ work: Work, progress: @Sendable (Double) -> Void
    ) async throws -> (uri: String, cost: USD) {
        let format = work.format
        let raw = FileManager.default.temporaryDirectory.path + "/agent5-\(UUID().uuidString).mp4"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        let begun = ContinuousClock.now
        let (order, note) = try ordered(wanted, work)
        let made = try await made(order, to: raw, note, work.spending, progress: progress)
        logger.info(
            "made a clip",
            metadata: [
                "segment": "\(wanted.id)", "provider": "\(maker.name)", "request_id": "\(made.requestID)",
                "bytes": "\(made.bytes)", "seconds": "\(begun.duration(to: .now).milliseconds / 1000)",
            ])
        // A little more than promised rather than less: the film cuts it to the frame.
        // trusted: an hour for a segment at the most, as was checked
        let frames = Int(
            (wanted.duration * Double(format.rate.numerator) / Double(format.rate.denominator)).rounded(.up))
        let part = FilmPart(clip: raw, frames: max(frames, 1), audio: nil, title: wanted.id)
        let recipe = FilmRecipe(parts: [part], format: format)
        let target = try work.delivery.prefix.appending("agent5_\(wanted.id).mp4")
        do {
            _ = try await media.make(target) { path, cancelled in
                try Film.stitch(recipe, output: path, cancelled: cancelled)
            }
        } catch let error as ServiceError {
            work.spending.lost(made.cost)
            throw error
        } catch let error as MediaError {
            var fault = ServiceError(wrapping: error)
            fault.message = "\(maker.name): \(fault.message)"
            work.spending.lost(made.cost)
            throw PaidWork(provider: maker.name, id: made.requestID).lost(fault)
        }
        return (target.description, made.cost)
    }

    private func ordered(_ wanted: Wanted, _ work: Work) throws -> (ClipOrder, OrderNote) {
        let order = order(wanted, work.format)
        let note = try ledger.note(
            [
                "job": work.jobID, "segment": wanted.id, "maker": maker.identity, "prompt": order.prompt,
                "seconds": "\(order.seconds)", "size": "\(order.width)x\(order.height)",
            ], call: work.call)
        return (order, note)
    }

    /// Asks once, and a second time where that may help and fits the limit. No other code repeats an order of a clip.
    private func made(
        _ order: ClipOrder, to path: String, _ note: OrderNote, _ spending: LeadSpending,
        progress: @Sendable (Double) -> Void
    ) async throws -> MadeClip {
        let price = maker.price(order)
        guard spending.reserve(price) else {
            throw ServiceError(
                .quotaExhausted, "\(maker.name): a clip for \(price.text) does not fit the limit max_cost_usd",
                retryable: false, provider: maker.name)
        }
        do {
            return try await bought(order, price, to: path, note, spending, progress: progress)
        } catch let error as ServiceError {
            guard error.retryable, let pause = RetryPause.seconds(error.retryAfter) else { throw error }
            guard spending.reserve(price) else {
                var error = error
                error.message += "; a second try for \(price.text) does not fit max_cost_usd"
                throw error
            }
            logger.warning("\(error.message): once more in \(pause) s", metadata: ["provider": "\(maker.name)"])
            do {
                try await Task.sleep(for: .clamping(seconds: pause))
            } catch {
                spending.ended(price, .refused)
                throw error
            }
            return try await bought(order, price, to: path, note, spending, progress: progress)
        }
    }

    /// Makes an order for which its price is reserved.
    private func bought(
        _ order: ClipOrder, _ price: USD, to path: String, _ note: OrderNote, _ spending: LeadSpending,
        progress: @Sendable (Double) -> Void
    ) async throws -> MadeClip {
        do {
            let made = try await maker.make(order, to: path, note: note, progress: progress)
            note.forget()
            spending.bought(price)
            return made
        } catch {
            note.forget()
            spending.ended(price, (error as? ServiceError)?.order ?? (error is ServiceError ? .refused : .unknown))
            throw error
        }
    }
}
