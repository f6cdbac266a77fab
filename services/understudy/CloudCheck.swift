import AWS
import Artifacts
import Foundation
import HTTP
import JSONRPC
import ServiceKit

/// What of the outside world is configured, tried by calls that cost nothing: who AWS takes us for, whether the bucket is there,
/// whether the providers know the keys and for how long they keep the models.
struct CloudCheck {
    /// Days before its end from which a model's end is a warning.
    private static let notice = 60.0

    let settings: ServiceSettings

    func findings() async -> [Finding] {
        await aws() + openAI() + replicate()
    }

    // MARK: - AWS

    private var usesAWS: Bool {
        settings.store.hasPrefix("s3://") || settings.string("UNDERSTUDY_LOG_SINKS")?.contains("cloudwatch") == true
            || ["mediaconvert", "auto"].contains(settings.string("UNDERSTUDY_STITCH_BACKEND"))
    }

    private func aws() async -> [Finding] {
        guard usesAWS else { return [] }
        let account = AWSAccount(ofService: settings.environment)
        var findings: [Finding] = []
        do {
            let caller = try await CallerIdentity.ask(account)
            let region = (try? account.region()) ?? "no region"
            findings.append(
                Finding(
                    grade: .good, subject: "aws",
                    text: "\(caller.arn) of account \(caller.account), by \(try await account.source()), \(region)"))
        } catch {
            findings.append(Finding(grade: .bad, subject: "aws", text: ServiceError(wrapping: error).message))
        }
        if let bucket = try? ArtifactURI(settings.store), bucket.scheme == .s3 {
            let name = String(bucket.path.prefix { $0 != "/" })
            do {
                try await S3Client(account: account).checkBucket(name)
                findings.append(Finding(grade: .good, subject: "bucket", text: "s3://\(name) is there"))
            } catch {
                findings.append(Finding(grade: .bad, subject: "bucket", text: ServiceError(wrapping: error).message))
            }
        }
        return findings
    }

    // MARK: - Providers

    private struct Models: Decodable {
        struct Model: Decodable {
            var id: String
            var shutdownDate: JSONValue?

            private enum CodingKeys: String, CodingKey {
                case id
                case shutdownDate = "shutdown_date"
            }
        }

        var data: [Model]
    }

    private func openAI() async -> [Finding] {
        let base = settings.string("OPENAI_BASE_URL") ?? "https://api.openai.com/v1"
        return await provider("openai", key: "OPENAI_API_KEY", url: "\(base)/models") { body in
            guard let models = try? JSONDecoder().decode(Models.self, from: body) else {
                return [
                    Finding(
                        grade: .bad, subject: "openai", text: "\(base)/models lists no models: check OPENAI_BASE_URL")
                ]
            }
            var findings = [
                Finding(grade: .good, subject: "openai", text: "the key works, \(models.data.count) models")
            ]
            guard let wanted = settings.string("UNDERSTUDY_OPENAI_IMAGE_MODEL") else { return findings }
            guard let model = models.data.first(where: { $0.id == wanted }) else {
                findings.append(
                    Finding(
                        grade: .bad, subject: "openai",
                        text: "the model \(wanted) is not listed: correct UNDERSTUDY_OPENAI_IMAGE_MODEL"))
                return findings
            }
            if let end = Self.date(model.shutdownDate), end.timeIntervalSinceNow < Self.notice * 86_400 {
                let day = end.formatted(.iso8601.year().month().day())
                let isOver = end.timeIntervalSinceNow <= 0
                findings.append(
                    Finding(
                        grade: isOver ? .bad : .note, subject: "openai",
                        text:
                            "the model \(wanted) \(isOver ? "was" : "will be") shut down on \(day): choose another one "
                            + "with UNDERSTUDY_OPENAI_IMAGE_MODEL"))
            }
            return findings
        }
    }

    private func replicate() async -> [Finding] {
        let base = settings.string("UNDERSTUDY_REPLICATE_BASE_URL") ?? "https://api.replicate.com"
        return await provider("replicate", key: "REPLICATE_API_TOKEN", url: "\(base)/v1/account") { _ in
            [Finding(grade: .good, subject: "replicate", text: "the token works")]
        }
    }

    /// Nothing for a provider whose key is not set.
    private func provider(
        _ name: String, key variable: String, url: String, _ read: (Data) -> [Finding]
    ) async -> [Finding] {
        do {
            guard let key = try settings.secret(variable) else { return [] }
            var request = HTTPRequest.get(url, headers: ["Authorization": "Bearer \(key.reveal())"])
            request.timeouts.total = 15
            let answer = try await HTTPClient().send(request)
            guard answer.isSuccess else {
                let advice = answer.status == 401 || answer.status == 403 ? ": check \(variable)" : ""
                return [
                    Finding(grade: .bad, subject: name, text: "\(request.place) answered \(answer.status)\(advice)")
                ]
            }
            return read(answer.body)
        } catch let error as HTTPError {
            return [Finding(grade: .bad, subject: name, text: error.message)]
        } catch {
            return [Finding(grade: .bad, subject: name, text: ServiceError(wrapping: error).message)]
        }
    }

    /// Seconds since 1970, or a day or moment as text.
    private static func date(_ value: JSONValue?) -> Date? {
        if let seconds = value?.double { return Date(timeIntervalSince1970: seconds) }
        guard let text = value?.string else { return nil }
        let day = Date.ISO8601FormatStyle().year().month().day()
        return (try? day.parse(String(text.prefix(10))))
    }
}
