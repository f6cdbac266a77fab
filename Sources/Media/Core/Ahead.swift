import Glibc

/// Work on a thread of its own that makes things one after the other, a few ahead of the one who uses them.
final class Ahead<Element: Sendable, Summary: Sendable>: @unchecked Sendable {
    typealias Work = @Sendable (Ahead) throws(MediaError) -> Summary

    // Guarded by the lock.
    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    private var waiting: [Element] = []
    private var outcome: Result<Summary, MediaError>?
    private var isStopped = false

    private var thread = pthread_t()
    private let depth: Int
    private let work: Work

    /// - Parameters:
    ///   - depth: things that wait at most.
    ///   - work: gives the things by `give`, until that says that nobody wants more.
    /// - Throws: `internal` where no thread can be had.
    static func start(depth: Int, _ work: @escaping Work) throws(MediaError) -> Ahead {
        let ahead = Ahead(depth: depth, work)
        let body = ThreadBody { ahead.perform() }
        let code = pthread_create(
            &ahead.thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().perform()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        guard code == 0 else {
            Unmanaged.passUnretained(body).release()
            throw MediaError(.internal, "no thread can be started")
        }
        return ahead
    }

    private init(depth: Int, _ work: @escaping Work) {
        self.depth = depth
        self.work = work
        pthread_mutex_init(&lock, nil)
        pthread_cond_init(&changed, nil)
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&lock)
    }

    /// The next thing; waits for it. `nil` after the last.
    ///
    /// - Throws: what the work met, once all that it had made is taken.
    func next() throws(MediaError) -> Element? {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while waiting.isEmpty, outcome == nil { pthread_cond_wait(&changed, &lock) }
        guard waiting.isEmpty else {
            pthread_cond_signal(&changed)
            return waiting.removeFirst()
        }
        _ = try outcome?.get()
        return nil
    }

    /// What the work has to say at its end; waits for it.
    func summary() throws(MediaError) -> Summary {
        while try next() != nil {}
        guard let outcome else { throw MediaError(.internal, "work without an end") }
        return try outcome.get()
    }

    /// Ends the thread, whatever it is at; to be called once.
    func stop() {
        pthread_mutex_lock(&lock)
        isStopped = true
        pthread_cond_signal(&changed)
        pthread_mutex_unlock(&lock)
        pthread_join(thread, nil)
    }

    /// For the work: whether anybody still waits for what it makes.
    var isWanted: Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return !isStopped
    }

    /// For the work: hands a thing over; waits while enough of them wait. -> false where nobody wants more.
    func give(_ element: Element) -> Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while waiting.count >= depth, !isStopped { pthread_cond_wait(&changed, &lock) }
        guard !isStopped else { return false }
        waiting.append(element)
        pthread_cond_signal(&changed)
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
        pthread_cond_signal(&changed)
        pthread_mutex_unlock(&lock)
    }
}

/// What a thread is told to do; a C function cannot know the types.
private final class ThreadBody {
    let perform: () -> Void

    init(_ perform: @escaping () -> Void) { self.perform = perform }
}
