// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import Glibc
import JSONRPC
import Parameters
import Synchronization

/// Implements the methods of `imagegen`: validates the parameters, selects the provider, stores the image.
///
/// ```swift
/// MethodHandler(ImageGenAPI.generate, methods.generate)
/// ```
struct ImageGenMethods: Sendable {
    let artifacts: Artifacts
    let providers: ProviderList
    let delivered: DeliveredStillIndex
    let cache: StillCache
    let orderRecords: OrderRecordStore
    let breakers: ProviderBreakers

    init(
        artifacts: Artifacts, providers: ProviderList, delivered: DeliveredStillIndex, cache: StillCache,
        orderRecords: OrderRecordStore, breakers: ProviderBreakers
    ) {
        self.artifacts = artifacts
        self.providers = providers
        self.delivered = delivered
        self.cache = cache
        self.orderRecords = orderRecords
        self.breakers = breakers
    }

    /// Implements `imagegen.generate`.
    ///
    /// A call with an idempotency key continues after its connection is lost or its deadline passes: the caller will retry, and the
    /// image is paid for. Only the caller's `rpc.cancel` ends it early.
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

    /// Implements `imagegen.generate` without a connection.
    ///
    /// - Parameters:
    ///   - request: The parameters of the call.
    ///   - isAbandoned: Whether the caller no longer waits for the reply.
    ///   - progress: Receives the progress from 0 to 1 and a message.
    func generate(
        _ request: GenerateImage, isAbandoned: () -> Bool = { false }, progress: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        try check(request)
        let candidates = try candidates(request)
        let output = try ArtifactURI(request.output, at: "/output")
        try artifacts.policy?.checkTarget(output, "/output: the picture")
        guard let key = request.idempotencyKey else {
            return try await draw(
                request, candidates, output, CallOrders(request, claimFolder: orderRecords.folder), progress)
        }
        // A call with the same key in this replica or another has the lock until it ends.
        let lock = try await orderRecords.lock(key)
        defer { withExtendedLifetime(lock) {} }
        if let image = try await delivered.find(request, artifacts) { return image }
        let orderRecords = orderRecords
        let orders = CallOrders(request, record: orderRecords.record(key), claimFolder: orderRecords.folder) {
            record throws(ServiceError) in
            try orderRecords.write(record, for: key)
        }
        if let failure = orders.takeFailure() { throw failure }
        do {
            let lost = orders.settlePending { order in
                isCached(order.id, request, candidates)
            } providerIndex: { order in
                candidates.firstIndex { $0.name == order.provider && $0.canContinue(order, of: request) }
            }
            if let lost { throw lost }
            let image = try await draw(request, candidates, output, orders, progress)
            try delivered.store(image, for: request)
            orders.markReported(isDelivered: true)
            return image
        } catch let error as ServiceError {
            let failure = addingLoss(to: error, orders)
            // An image that was received is passed on by the next call with this key.
            let isFinal = orders.undeliveredCost == .zero && orders.loss.total > .zero
            if isFinal, failure.kind != .cancelled, orders.isStepwise || isAbandoned() {
                orders.store(failure)
            } else if !isAbandoned() {
                orders.markReported(isDelivered: false)
            }
            throw failure
        }
    }

    /// Whether the image of an order is cached.
    private func isCached(_ order: String, _ request: GenerateImage, _ candidates: [any ImageProvider]) -> Bool {
        candidates.contains { provider in
            cache.find(StillCache.key(request, provider: provider.name, model: provider.model(of: request)))?
                .entry.order == order
        }
    }

    /// Adds the cost of unusable orders to an error.
    private func addingLoss(to error: ServiceError, _ orders: CallOrders) -> ServiceError {
        var error = error
        error.wasted = orders.loss.wasted + orders.undeliveredCost
        error.unknown = orders.loss.unknown
        return error
    }

    private func draw(
        _ request: GenerateImage, _ candidates: [any ImageProvider], _ output: ArtifactURI, _ orders: CallOrders,
        _ progress: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        do {
            var image = try await drawWithFirstAvailable(candidates, request, output, orders, progress)
            let loss = orders.loss
            image.wasted = loss.wasted > .zero ? loss.wasted : nil
            image.unknown = loss.unknown > .zero ? loss.unknown : nil
            return image
        } catch let error as ServiceError {
            throw addingLoss(to: error, orders)
        } catch is CancellationError {
            // The caller records the order that was in progress.
            throw addingLoss(to: ServiceError(.cancelled, "the caller cancelled"), orders)
        }
    }

    /// Calls the providers in turn until one succeeds.
    ///
    /// - Throws: The error of the first provider, with the messages of the others in `detail`; if the caller records losses, the
    ///   error of the order that was lost, with the `nextAttempt` that continues.
    private func drawWithFirstAvailable(
        _ candidates: [any ImageProvider], _ request: GenerateImage, _ output: ArtifactURI, _ orders: CallOrders,
        _ progress: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        var failures: [ServiceError] = []
        for (index, provider) in candidates.enumerated().dropFirst(orders.firstIndex) {
            orders.select(providerAt: index)
            let job = CallContext.current.jobID
            let caller = job ?? UUID().uuidString
            var probe: ProbeLock?
            defer { withExtendedLifetime(probe) {} }
            // A call without a job that names its provider bypasses the breaker: an operator wants to know.
            if candidates.count > 1 || job != nil, !orders.hasPendingOrder(of: provider.name) {
                do throws(ServiceError) {
                    probe = try await breakers.admit(provider.name, caller: caller)
                } catch {
                    failures.append(error)
                    continue
                }
            }
            progress(0, "\(provider.name) is drawing")
            do {
                var image = try await draw(request, provider, output, orders, caller)
                let warnings = failures.map(\.message) + (image.warnings ?? [])
                image.warnings = warnings.isEmpty ? nil : warnings
                return image
            } catch var error as ServiceError {
                if error.nextAttempt != nil { throw error }
                if orders.isStepwise, orders.loss.total > .zero, index + 1 < candidates.count {
                    error.nextAttempt = orders.nextAttempt(at: index + 1)
                    throw error
                }
                failures.append(error)
            }
        }
        guard var first = failures.first else {
            throw ServiceError.invalidParams(
                at: "/attempt", expected: "the next_attempt of the last failure, found \(request.attempt ?? 0)")
        }
        let others = failures.dropFirst().map(\.message)
        if !others.isEmpty { first.detail = ([first.detail].compactMap { $0 } + others).joined(separator: "\n") }
        throw first
    }

    private func draw(
        _ request: GenerateImage, _ provider: any ImageProvider, _ output: ArtifactURI, _ orders: CallOrders,
        _ caller: String
    ) async throws -> GeneratedImage {
        let isPaid = provider.info.needsNetwork && provider.name != "folder"
        guard isPaid else {
            let drawn = try await artifacts.output(output) { path in
                try await callProvider(provider, request, path, orders, caller)
            }
            return Self.image(drawn, output, provider)
        }
        let key = StillCache.key(request, provider: provider.name, model: provider.model(of: request))
        // An accepted order is paid for, whatever the cache contains.
        let isCacheUsed = !orders.hasPendingOrder(of: provider.name)
        if isCacheUsed, let image = try await cachedImage(key, request, provider, output, orders) { return image }
        // Of concurrent calls that want the same image one orders it, and the others read it from the cache.
        let lock = cache.maximumBytes > 0 && request.fresh != true ? try await orderRecords.lock(content: key) : nil
        defer { withExtendedLifetime(lock) {} }
        if lock != nil, isCacheUsed, let image = try await cachedImage(key, request, provider, output, orders) {
            return image
        }
        // Stored on this machine first, so that a paid image survives a failure of the artifact store.
        let path = try orderRecords.temporary()
        defer { unlink(path) }
        let drawn = try await callProvider(provider, request, path, orders, caller)
        cache.store(path, drawn, as: key, order: orders.currentOrder)
        try await artifacts.copy(ArtifactURI(filePath: path), to: output)
        return Self.image(drawn, output, provider)
    }

    /// Calls a provider, and records the outcome in its breaker. Failures of the artifact store do not count.
    private func callProvider(
        _ provider: any ImageProvider, _ request: GenerateImage, _ path: String, _ orders: CallOrders, _ caller: String
    ) async throws -> DrawnImage {
        do {
            let drawn = try await provider.draw(request, to: path, orders)
            await breakers.succeeded(provider.name)
            return drawn
        } catch let error as ServiceError {
            // The attempt continues, or the failure is not the provider's.
            let isInconclusive =
                error.nextAttempt != nil || error.providerCode == CallOrders.limitCode || error.isOfThisMachine
            if isInconclusive {
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

    /// Implements `imagegen.breaker`: reports or overrides the breaker of a provider.
    ///
    /// - Throws: `invalid_params` for a provider that is not configured.
    func breaker(_ request: ProviderBreakerRequest) async throws -> BreakerView {
        guard providers.all.contains(where: { $0.name == request.provider }) else { throw unknown(request.provider) }
        return await breakers.apply(request.action ?? .get, to: request.provider)
    }

    /// Copies a cached image to the output; `nil` if it is not cached or must not be used.
    private func cachedImage(
        _ key: ContentKey, _ request: GenerateImage, _ provider: any ImageProvider, _ output: ArtifactURI,
        _ orders: CallOrders
    ) async throws -> GeneratedImage? {
        guard let found = cache.find(key), request.fresh != true || orders.owns(found.entry.order) else { return nil }
        try await artifacts.copy(ArtifactURI(filePath: found.path), to: output)
        // Bought by a call with the same key that did not reply: its cost is reported now.
        let isOwn = orders.owns(found.entry.order)
        return GeneratedImage(
            image: output.description, width: found.entry.width, height: found.entry.height,
            mediaType: found.entry.mediaType, provider: provider.name, model: found.entry.model,
            cost: isOwn ? found.entry.cost : .zero, attempts: isOwn ? 1 : 0, isCached: !isOwn,
            saved: isOwn ? nil : found.entry.cost)
    }

    private static func image(
        _ drawn: DrawnImage, _ output: ArtifactURI, _ provider: any ImageProvider
    ) -> GeneratedImage {
        GeneratedImage(
            image: output.description, width: drawn.width, height: drawn.height, mediaType: drawn.mediaType,
            provider: provider.name, model: drawn.model, cost: drawn.cost, attempts: drawn.attempts, isCached: false,
            warnings: drawn.warnings.isEmpty ? nil : drawn.warnings)
    }

    /// Implements `imagegen.providers`.
    func listProviders() async -> ImageProviders {
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
            throw .invalidParams(at: "/prompt", expected: "a description of the picture, found an empty text")
        }
        try request.validate()
        guard request.width * request.height <= ImageBounds.pixels else {
            throw ServiceError(.tooLarge, "\(request.width)x\(request.height): a picture has at most 64 million pixels")
        }
    }
}

extension ServiceError {
    /// Whether this machine or the artifact store failed, not the provider.
    fileprivate var isOfThisMachine: Bool {
        provider == "s3" || kind == .unavailable && provider == nil && providerCode != nil
    }
}
