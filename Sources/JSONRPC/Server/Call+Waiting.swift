extension Call {
    /// Runs `body`, which waits for another machine, and reports progress as long as it runs: the call does not stall.
    ///
    /// - Parameter pause: between two reports.
    package func waiting<R>(
        _ fraction: Double, _ message: String, every pause: Duration = .seconds(20), _ body: () async throws -> R
    ) async throws -> R {
        let reports = self.reports(fraction, message, every: pause)
        defer { reports.cancel() }
        return try await body()
    }

    /// Reports the same progress until the task is cancelled.
    package func reports(
        _ fraction: Double, _ message: String, every pause: Duration = .seconds(20)
    ) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                progress(fraction, message)
                try? await Task.sleep(for: pause)
            }
        }
    }
}
