import Faults
package import FoundationEssentials
import HTTP
import Untrusted

/// Jobs of MediaConvert.
package struct MediaConvertClient: Sendable {
    package struct Job: Sendable, Equatable, Decodable {
        package enum Status: String, Sendable, Decodable {
            case submitted = "SUBMITTED"
            case progressing = "PROGRESSING"
            case complete = "COMPLETE"
            case canceled = "CANCELED"
            case error = "ERROR"
        }

        package let id: String
        package let status: Status
        /// 0 to 100; absent until the job has begun.
        package let percent: Int?
        /// MediaConvert's number for what went wrong.
        package let errorCode: Int?
        package let errorMessage: String?
        /// When the job was made by AWS's clock, in seconds since 1970.
        package let createdAt: Double?

        private enum CodingKeys: String, CodingKey {
            case id, status, errorCode, errorMessage, createdAt
            case percent = "jobPercentComplete"
        }
    }

    private struct Answer: Decodable {
        var job: Job
    }

    private struct QueueAnswer: Decodable {
        struct Queue: Decodable {
            var status: String
        }

        var queue: Queue
    }

    private static let path = "/2017-08-29/jobs"

    private let client: AWSClient

    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// What a queue does: `ACTIVE` or `PAUSED`.
    ///
    /// - Parameter name: or ARN.
    /// - Throws: `notFound` where the account has no such queue in the region.
    package func queueStatus(_ name: String) async throws -> String {
        let name = name.hasPrefix("arn:") ? String(name.split(separator: "/").last ?? "") : name
        let subject = "the MediaConvert queue \(name)"
        let response = try await client.send(
            AWSRequest(.mediaConvert, "GET", "/2017-08-29/queues/\(name)", subject: subject))
        guard let answer = try? JSONDecoder().decode(QueueAnswer.self, from: response.body) else {
            throw Self.foreign(subject)
        }
        return answer.queue.status.bounded(to: 40).printable()
    }

    /// Makes a job. Two requests with the same `clientRequestToken` within a minute make one.
    ///
    /// - Parameter request: a CreateJob request in JSON; it holds a `clientRequestToken`, so that it may be sent again.
    package func create(_ request: Data, subject: String) async throws -> Job {
        var call = AWSRequest(.mediaConvert, "POST", Self.path, subject: subject)
        call.headers["Content-Type"] = "application/json"
        call.body = .bytes(request)
        return try Self.job(try await client.send(call), subject)
    }

    /// - Throws: `notFound` where the account has no such job in the region.
    package func job(_ id: String) async throws -> Job {
        let subject = "the MediaConvert job \(id)"
        return try Self.job(
            try await client.send(AWSRequest(.mediaConvert, "GET", "\(Self.path)/\(id)", subject: subject)), subject)
    }

    /// Ends a job that has not ended.
    ///
    /// - Throws: `conflict` or `invalidParams` for a job that cannot be cancelled any more.
    package func cancel(_ id: String) async throws {
        _ = try await client.send(
            AWSRequest(.mediaConvert, "DELETE", "\(Self.path)/\(id)", subject: "the MediaConvert job \(id)"))
    }

    private static func job(_ response: HTTPResponse, _ subject: String) throws -> Job {
        do {
            return try JSONDecoder().decode(Answer.self, from: response.body).job
        } catch {
            throw foreign(subject)
        }
    }

    private static func foreign(_ subject: String) -> AWSError {
        AWSError(
            .unavailable, "\(subject): the endpoint's answer is none of MediaConvert: is the endpoint right?",
            service: .mediaConvert)
    }
}
