// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A bounded producer that runs on its own thread and prefetches up to `depth` elements for one consumer.
final class PrefetchingProducer<Element: Sendable, Summary: Sendable>: @unchecked Sendable {
    typealias Work = @Sendable (PrefetchingProducer) throws(MediaError) -> Summary

    // Guarded by `lock`.
    private var lock = pthread_mutex_t()
    private var condition = pthread_cond_t()
    private var buffer: [Element] = []
    private var outcome: Result<Summary, MediaError>?
    private var isStopped = false

    private var thread = pthread_t()
    private let depth: Int
    private let work: Work

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - depth: Maximum number of buffered elements.
    ///   - work: Passes elements to `send` until that returns `false`, and returns the summary.
    /// - Throws: `internal` if no thread can be created.
    static func start(depth: Int, _ work: @escaping Work) throws(MediaError) -> PrefetchingProducer {
        let producer = PrefetchingProducer(depth: depth, work)
        let body = ThreadBody { producer.perform() }
        let code = pthread_create(
            &producer.thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().perform()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        guard code == 0 else {
            Unmanaged.passUnretained(body).release()
            throw MediaError(.internal, "cannot start a thread")
        }
        return producer
    }

    private init(depth: Int, _ work: @escaping Work) {
        self.depth = depth
        self.work = work
        pthread_mutex_init(&lock, nil)
        pthread_cond_init(&condition, nil)
    }

    deinit {
        pthread_cond_destroy(&condition)
        pthread_mutex_destroy(&lock)
    }

    /// Waits for the next element; `nil` after the last.
    ///
    /// - Throws: The error of the work, after all elements that precede it.
    func next() throws(MediaError) -> Element? {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while buffer.isEmpty, outcome == nil { pthread_cond_wait(&condition, &lock) }
        guard buffer.isEmpty else {
            pthread_cond_signal(&condition)
            return buffer.removeFirst()
        }
        _ = try outcome?.get()
        return nil
    }

    /// Discards the remaining elements, waits for the work to end, and returns its result.
    func summary() throws(MediaError) -> Summary {
        while try next() != nil {}
        guard let outcome else { throw MediaError(.internal, "the producer ended without a result") }
        return try outcome.get()
    }

    /// Asks the work to stop and waits for the thread to end. Call it exactly once.
    func stop() {
        pthread_mutex_lock(&lock)
        isStopped = true
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&lock)
        pthread_join(thread, nil)
    }

    /// Whether the consumer still wants elements. Called by the work.
    var hasConsumer: Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return !isStopped
    }

    /// Buffers an element, waiting while the buffer is full. Called by the work.
    ///
    /// - Returns: `false` if no more elements are wanted.
    func send(_ element: Element) -> Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while buffer.count >= depth, !isStopped { pthread_cond_wait(&condition, &lock) }
        guard !isStopped else { return false }
        buffer.append(element)
        pthread_cond_signal(&condition)
        return true
    }

    private func perform() {
        let result: Result<Summary, MediaError>
        do throws(MediaError) {
            result = .success(try work(self))
        } catch {
            result = .failure(error)
        }
        pthread_mutex_lock(&lock)
        outcome = result
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&lock)
    }
}

/// The body of a thread, without the generic types that a C function pointer cannot carry.
private final class ThreadBody {
    let perform: () -> Void

    init(_ perform: @escaping () -> Void) { self.perform = perform }
}
