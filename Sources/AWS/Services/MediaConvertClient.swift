// SPDX-License-Identifier: Apache-2.0

import Faults
package import FoundationEssentials
import HTTP
import Untrusted

/// A client of the MediaConvert operations for jobs and queues.
package struct MediaConvertClient: Sendable {
    /// A transcoding job.
    package struct Job: Sendable, Equatable, Decodable {
        /// The state of a job.
        package enum Status: String, Sendable, Decodable {
            case submitted = "SUBMITTED"
            case progressing = "PROGRESSING"
            case complete = "COMPLETE"
            case canceled = "CANCELED"
            case error = "ERROR"
        }

        /// The job's identifier.
        package let id: String
        /// The state of the job.
        package let status: Status
        /// Progress in percent, 0 to 100; `nil` until the job has begun.
        package let percent: Int?
        /// MediaConvert's error code; `nil` unless the job failed.
        package let errorCode: Int?
        /// MediaConvert's error message; `nil` unless the job failed.
        package let errorMessage: String?
        /// Creation time by AWS's clock, in seconds since 1970.
        package let createdAt: Double?

        private enum CodingKeys: String, CodingKey {
            case id, status, errorCode, errorMessage, createdAt
            case percent = "jobPercentComplete"
        }
    }

    private struct JobResponse: Decodable {
        var job: Job
    }

    private struct QueueResponse: Decodable {
        struct Queue: Decodable {
            var status: String
        }

        var queue: Queue
    }

    private static let path = "/2017-08-29/jobs"

    private let client: AWSClient

    /// Creates a client with the account's credentials.
    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// Fetches the status of a queue, `ACTIVE` or `PAUSED`.
    ///
    /// - Parameter name: the queue's name or ARN.
    /// - Throws: `AWSError`, `notFound` if the queue does not exist in the region; `CancellationError`.
    package func queueStatus(_ name: String) async throws -> String {
        let name = name.hasPrefix("arn:") ? String(name.split(separator: "/").last ?? "") : name
        let subject = "the MediaConvert queue \(name)"
        let response = try await client.send(
            AWSRequest(.mediaConvert, "GET", "/2017-08-29/queues/\(name)", subject: subject))
        guard let result = try? JSONDecoder().decode(QueueResponse.self, from: response.body) else {
            throw Self.unexpectedResponse(subject)
        }
        return result.queue.status.bounded(to: 40).printable()
    }

    /// Creates a job. Requests with the same `clientRequestToken` within a minute create one job.
    ///
    /// - Parameters:
    ///   - request: a CreateJob request in JSON, with a `clientRequestToken` so that it can be retried.
    ///   - subject: the resource of the request, for messages.
    /// - Throws: `AWSError`; `CancellationError`.
    package func create(_ request: Data, subject: String) async throws -> Job {
        var call = AWSRequest(.mediaConvert, "POST", Self.path, subject: subject)
        call.headers["Content-Type"] = "application/json"
        call.body = .bytes(request)
        return try Self.job(try await client.send(call), subject)
    }

    /// Fetches a job.
    ///
    /// - Throws: `AWSError`, `notFound` if the job does not exist in the region; `CancellationError`.
    package func job(_ id: String) async throws -> Job {
        let subject = "the MediaConvert job \(id)"
        return try Self.job(
            try await client.send(AWSRequest(.mediaConvert, "GET", "\(Self.path)/\(id)", subject: subject)), subject)
    }

    /// Cancels a running job.
    ///
    /// - Throws: `AWSError`, `conflict` or `invalidParams` if the job has already ended; `CancellationError`.
    package func cancel(_ id: String) async throws {
        _ = try await client.send(
            AWSRequest(.mediaConvert, "DELETE", "\(Self.path)/\(id)", subject: "the MediaConvert job \(id)"))
    }

    private static func job(_ response: HTTPResponse, _ subject: String) throws -> Job {
        do {
            return try JSONDecoder().decode(JobResponse.self, from: response.body).job
        } catch {
            throw unexpectedResponse(subject)
        }
    }

    private static func unexpectedResponse(_ subject: String) -> AWSError {
        AWSError(
            .unavailable, "\(subject): unexpected response; check the MediaConvert endpoint",
            service: .mediaConvert)
    }
}
