// SPDX-License-Identifier: Apache-2.0

extension Call {
    /// Runs `body`, which waits for another machine, and reports progress periodically so that the call does not stall.
    ///
    /// - Parameters:
    ///   - fraction: the progress to report, 0 to 1.
    ///   - message: one line for a person.
    ///   - pause: the time between two reports.
    /// - Throws: what `body` throws.
    package func reportingProgress<R>(
        _ fraction: Double, _ message: String, every pause: Duration = .seconds(20), _ body: () async throws -> R
    ) async throws -> R {
        let reports = startProgressReports(fraction, message, every: pause)
        defer { reports.cancel() }
        return try await body()
    }

    /// Starts a task that reports the same progress periodically until it is cancelled.
    ///
    /// - Parameter pause: the time between two reports.
    package func startProgressReports(
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
