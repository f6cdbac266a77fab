import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSONRPC
import Parameters
import Synchronization

/// Answers `imagegen`'s methods: checks what is asked, chooses the provider, stores the picture.
struct ImageStudio: Sendable {
    let artifacts: Artifacts
    let providers: ProviderList
    let delivered: DeliveredStills
    let cache: StillCache
    let ledger: OrderLedger
    let breakers: ProviderBreakers

    init(
        artifacts: Artifacts, providers: ProviderList, delivered: DeliveredStills, cache: StillCache,
        ledger: OrderLedger, breakers: ProviderBreakers
    ) {
        self.artifacts = artifacts
        self.providers = providers
        self.delivered = delivered
        self.cache = cache
        self.ledger = ledger
        self.breakers = breakers
    }

    /// Answers a call. A call with an idempotency key whose connection is lost, or whose deadline passes, finishes: the caller
    /// will ask again, and the picture is paid for. Only the caller's `rpc.cancel` ends it early.
    func generate(_ request: GenerateImage, _ call: Call) async throws -> GeneratedImage {
        guard request.idempotencyKey != nil else {
            return try await generate(request) { call.progress($0, $1) }
        }
        let isAbandoned = Mutex(false)
        let work = Task {
            try await generate(request, isAbandoned: { isAbandoned.withLock { $0 } }) { call.progress($0, $1) }
        }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            if call.isCancelledByCaller { work.cancel() } else { isAbandoned.withLock { $0 = true } }
        }
    }

    /// - Parameters:
    ///   - isAbandoned: whether nobody waits for the reply any more.
    ///   - report: gets a fraction and a message.
    func generate(
        _ request: GenerateImage, isAbandoned: () -> Bool = { false }, report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        try check(request)
        let candidates = try candidates(request)
        let output = try ArtifactURI(request.output, at: "/output")
        try artifacts.policy?.checkTarget(output, "/output: the picture")
        guard let key = request.idempotencyKey else {
            return try await draw(
                request, candidates, output, OrderBook(request, claimFolder: ledger.folder), report)
        }
        // A call with the same key that is under way, in this replica or another, is waited for.
        let hold = try await ledger.hold(key)
        defer { withExtendedLifetime(hold) {} }
        if let image = try await delivered.find(request, artifacts) { return image }
        let ledger = ledger
        let orders = OrderBook(request, record: ledger.record(key), claimFolder: ledger.folder) {
            record throws(ServiceError) in
            try ledger.write(record, for: key)
        }
        if let failure = orders.takeFailure() { throw failure }
        do {
            let lost = orders.settleAbandoned { order in
                isBought(order.id, request, candidates)
            } place: { order in
                candidates.firstIndex { $0.name == order.provider && $0.canContinue(order, of: request) }
            }
            if let lost { throw lost }
            let image = try await draw(request, candidates, output, orders, report)
            try delivered.keep(image, for: request)
            orders.markReported(isDelivered: true)
            return image
        } catch let error as ServiceError {
            let failure = booked(error, orders)
            // A picture that is here is passed on by the next call with this key.
            let isFinal = orders.undelivered == .zero && orders.loss.total > .zero
            if isFinal, failure.kind != .cancelled, orders.isStepwise || isAbandoned() {
                orders.keep(failure)
            } else if !isAbandoned() {
                orders.markReported(isDelivered: false)
            }
            throw failure
        }
    }

    /// Whether the cache has the picture of an order.
    private func isBought(_ order: String, _ request: GenerateImage, _ candidates: [any ImageProvider]) -> Bool {
        candidates.contains { provider in
            cache.find(StillCache.key(request, provider: provider.name, model: provider.model(of: request)))?
                .entry.order == order
        }
    }

    /// An error with what the call has spent for nothing.
    private func booked(_ error: ServiceError, _ orders: OrderBook) -> ServiceError {
        var error = error
        error.wasted = orders.loss.wasted + orders.undelivered
        error.unknown = orders.loss.unknown
        return error
    }

    private func draw(
        _ request: GenerateImage, _ candidates: [any ImageProvider], _ output: ArtifactURI, _ orders: OrderBook,
        _ report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        do {
            var image = try await firstOf(candidates, request, output, orders, report)
            let loss = orders.loss
            image.wasted = loss.wasted > .zero ? loss.wasted : nil
            image.unknown = loss.unknown > .zero ? loss.unknown : nil
            return image
        } catch let error as ServiceError {
            throw booked(error, orders)
        } catch is CancellationError {
            // The caller books what was under way.
            throw booked(ServiceError(.cancelled, "the caller cancelled"), orders)
        }
    }

    /// Asks one provider after the other until one has drawn.
    ///
    /// - Throws: the first one's error, with what the others said in its detail; if the caller books losses, the error of the
    ///   order that was lost, with the `nextAttempt` that continues.
    private func firstOf(
        _ candidates: [any ImageProvider], _ request: GenerateImage, _ output: ArtifactURI, _ orders: OrderBook,
        _ report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        var failures: [ServiceError] = []
        for (place, provider) in candidates.enumerated().dropFirst(orders.firstPlace) {
            orders.turn(to: place)
            let job = CallContext.current.jobID
            let caller = job ?? UUID().uuidString
            var probe: ProbeHold?
            defer { withExtendedLifetime(probe) {} }
            // A call of no job that names its provider is made by somebody who wants to know.
            if candidates.count > 1 || job != nil, !orders.continues(provider.name) {
                do throws(ServiceError) {
                    probe = try await breakers.admit(provider.name, caller: caller)
                } catch {
                    failures.append(error)
                    continue
                }
            }
            report(0, "\(provider.name) draws")
            do {
                var image = try await draw(request, provider, output, orders, caller)
                let warnings = failures.map(\.message) + (image.warnings ?? [])
                image.warnings = warnings.isEmpty ? nil : warnings
                return image
            } catch var error as ServiceError {
                if error.nextAttempt != nil { throw error }
                if orders.isStepwise, orders.loss.total > .zero, place + 1 < candidates.count {
                    error.nextAttempt = orders.nextAttempt(at: place + 1)
                    throw error
                }
                failures.append(error)
            }
        }
        guard var first = failures.first else {
            throw ServiceError.invalidParams(
                at: "/attempt", expected: "what the last failure's next_attempt said, found \(request.attempt ?? 0)")
        }
        let others = failures.dropFirst().map(\.message)
        if !others.isEmpty { first.detail = ([first.detail].compactMap { $0 } + others).joined(separator: "\n") }
        throw first
    }

    private func draw(
        _ request: GenerateImage, _ provider: any ImageProvider, _ output: ArtifactURI, _ orders: OrderBook,
        _ caller: String
    ) async throws -> GeneratedImage {
        let isPaid = provider.info.needsNetwork && provider.name != "folder"
        guard isPaid else {
            let drawn = try await artifacts.output(output) { path in
                try await ask(provider, request, path, orders, caller)
            }
            return Self.image(drawn, output, provider)
        }
        let key = StillCache.key(request, provider: provider.name, model: provider.model(of: request))
        // An order that was accepted is paid for, whatever the cache has.
        let isCacheUsed = !orders.continues(provider.name)
        if isCacheUsed, let image = try await bought(key, request, provider, output, orders) { return image }
        // Of calls that want the same picture at the same time one buys it, and the others get it from the cache.
        let hold = cache.maximumBytes > 0 && request.fresh != true ? try await ledger.hold(content: key) : nil
        defer { withExtendedLifetime(hold) {} }
        if hold != nil, isCacheUsed, let image = try await bought(key, request, provider, output, orders) {
            return image
        }
        // On this machine's disk first: whatever becomes of the store, what was paid for is not lost.
        let path = try ledger.temporary()
        defer { unlink(path) }
        let drawn = try await ask(provider, request, path, orders, caller)
        cache.keep(path, drawn, as: key, order: orders.currentOrder)
        try await artifacts.copy(ArtifactURI(filePath: path), to: output)
        return Self.image(drawn, output, provider)
    }

    /// Has a provider draw, and tells its breaker how that ended. What the store does with the picture is not the provider's.
    private func ask(
        _ provider: any ImageProvider, _ request: GenerateImage, _ path: String, _ orders: OrderBook, _ caller: String
    ) async throws -> DrawnImage {
        do {
            let drawn = try await provider.draw(request, to: path, orders)
            await breakers.succeeded(provider.name)
            return drawn
        } catch let error as ServiceError {
            // Not the provider's last word, or not its failure.
            let isOther = error.nextAttempt != nil || error.providerCode == OrderBook.limitCode || error.isOfThisMachine
            if isOther {
                await breakers.released(provider.name, caller: caller)
            } else {
                await breakers.failed(provider.name, error.kind, caller: caller)
            }
            throw error
        } catch {
            await breakers.released(provider.name, caller: caller)
            throw error
        }
    }

    /// Looks at a provider's breaker, or sets it by hand.
    ///
    /// - Throws: `invalid_params` for a provider that is not configured.
    func breaker(_ request: ProviderBreakerRequest) async throws -> BreakerView {
        guard providers.all.contains(where: { $0.name == request.provider }) else { throw unknown(request.provider) }
        return await breakers.apply(request.action ?? .get, to: request.provider)
    }

    /// The picture of the cache, at the output.
    private func bought(
        _ key: ContentKey, _ request: GenerateImage, _ provider: any ImageProvider, _ output: ArtifactURI,
        _ orders: OrderBook
    ) async throws -> GeneratedImage? {
        guard let found = cache.find(key), request.fresh != true || orders.owns(found.entry.order) else { return nil }
        try await artifacts.copy(ArtifactURI(filePath: found.path), to: output)
        // Bought for this very key by a call whose reply never left: its price is told now.
        let isOwn = orders.owns(found.entry.order)
        return GeneratedImage(
            image: output.description, width: found.entry.width, height: found.entry.height,
            mediaType: found.entry.mediaType, provider: provider.name, model: found.entry.model,
            cost: isOwn ? found.entry.cost : .zero, attempts: isOwn ? 1 : 0, cached: !isOwn,
            saved: isOwn ? nil : found.entry.cost)
    }

    private static func image(
        _ drawn: DrawnImage, _ output: ArtifactURI, _ provider: any ImageProvider
    ) -> GeneratedImage {
        GeneratedImage(
            image: output.description, width: drawn.width, height: drawn.height, mediaType: drawn.mediaType,
            provider: provider.name, model: drawn.model, cost: drawn.cost, attempts: drawn.attempts, cached: false,
            warnings: drawn.warnings.isEmpty ? nil : drawn.warnings)
    }

    func list() async -> ImageProviders {
        var infos: [ImageProviderInfo] = []
        for (index, provider) in providers.all.enumerated() {
            var info = provider.info
            info.isDefault = index == 0
            info.breaker = await breakers.state(of: provider.name)
            infos.append(info)
        }
        return ImageProviders(providers: infos, chain: providers.chain.map(\.name))
    }

    private func candidates(_ request: GenerateImage) throws(ServiceError) -> [any ImageProvider] {
        guard let name = request.provider else { return providers.chain }
        guard let provider = providers.all.first(where: { $0.name == name }) else {
            throw unknown(name)
        }
        return [provider]
    }

    private func unknown(_ name: String) -> ServiceError {
        let known = providers.all.map(\.name).joined(separator: ", ")
        return .invalidParams(at: "/provider", expected: "one of \(known), found \"\(name)\"")
    }

    private func check(_ request: GenerateImage) throws(ServiceError) {
        guard request.prompt.contains(where: { !$0.isWhitespace }) else {
            throw .invalidParams(at: "/prompt", expected: "what the picture shows, found nothing")
        }
        try request.check()
        guard request.width * request.height <= ImageBounds.pixels else {
            throw ServiceError(.tooLarge, "\(request.width)x\(request.height): a picture has at most 64 million pixels")
        }
    }
}

extension ServiceError {
    /// Whether the disk or the store failed, and not the provider.
    fileprivate var isOfThisMachine: Bool {
        provider == "s3" || kind == .unavailable && provider == nil && providerCode != nil
    }
}
