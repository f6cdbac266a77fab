// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import JSON
import Secrets
import ServiceKit

/// Checks the configured cloud services by calls that cost nothing: AWS, the keys of the providers, and when their models are shut down.
struct CloudCheck {
    /// Days before the shutdown of a model from which it is reported.
    private static let shutdownNotice = 60.0

    let settings: ServiceSettings

    /// Runs the checks of what is configured.
    func findings() async -> [Finding] {
        await AWSCheck(settings: settings).findings() + openAI() + replicate()
    }

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
        let isWanted = names("UNDERSTUDY_IMAGE_PROVIDERS").contains("openai")
        return await provider("openai", key: "OPENAI_API_KEY", isWanted, url: "\(base)/models") { body in
            guard let models = try? JSONDecoder().decode(Models.self, from: body) else {
                return [
                    Finding(
                        grade: .bad, subject: "openai",
                        text: "\(base)/models returns no list of models: check OPENAI_BASE_URL")
                ]
            }
            var findings = [
                Finding(
                    grade: .good, subject: "openai",
                    text: "the key works, \(Formatting.count(models.data.count, "model"))")
            ]
            guard let wanted = settings.string("UNDERSTUDY_OPENAI_IMAGE_MODEL") else { return findings }
            guard let model = models.data.first(where: { $0.id == wanted }) else {
                findings.append(
                    Finding(
                        grade: .bad, subject: "openai",
                        text: "the model \(wanted) does not exist: correct UNDERSTUDY_OPENAI_IMAGE_MODEL"))
                return findings
            }
            if let end = Self.date(model.shutdownDate), end.timeIntervalSinceNow < Self.shutdownNotice * 86_400 {
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
        let isLead = names("UNDERSTUDY_AGENT5_PROVIDER").contains("replicate")
        let isWanted = isLead || names("UNDERSTUDY_IMAGE_PROVIDERS").contains("replicate")
        return await provider("replicate", key: "REPLICATE_API_TOKEN", isWanted, url: "\(base)/v1/account") { _ in
            [Finding(grade: .good, subject: "replicate", text: "the token works")]
        }
    }

    private func names(_ variable: String) -> [Substring] {
        (settings.string(variable) ?? "").split(whereSeparator: { ", ".contains($0) })
    }

    /// Checks a provider's key with a request. A missing key is only reported if the provider is configured.
    ///
    /// - Parameters:
    ///   - isWanted: whether the provider is configured.
    ///   - read: makes the findings of a successful response.
    private func provider(
        _ name: String, key variable: String, _ isWanted: Bool, url: String, _ read: (Data) -> [Finding]
    ) async -> [Finding] {
        do {
            guard let key = try settings.secret(variable) else {
                let missing = Finding(grade: .bad, subject: name, text: "no key: set \(variable) or \(variable)_FILE")
                return isWanted ? [missing] : []
            }
            var request = HTTPRequest.get(url, headers: ["Authorization": "Bearer \(key.reveal())"])
            request.timeouts.total = 15
            let answer = try await HTTPClient().send(request)
            guard answer.isSuccess else {
                let advice = answer.status == 401 || answer.status == 403 ? ": check \(variable)" : ""
                let text = "\(request.redactedURL) answered \(answer.status)\(advice)"
                return [Finding(grade: .bad, subject: name, text: text)]
            }
            return read(answer.body)
        } catch let error as HTTPError {
            return [Finding(grade: .bad, subject: name, text: error.message)]
        } catch {
            return [Finding(grade: .bad, subject: name, text: ServiceError(wrapping: error).message)]
        }
    }

    /// The date of a number of seconds since 1970, or of a text that begins with a day.
    private static func date(_ value: JSONValue?) -> Date? {
        if let seconds = value?.double { return Date(timeIntervalSince1970: seconds) }
        guard let text = value?.string else { return nil }
        let day = Date.ISO8601FormatStyle().year().month().day()
        return (try? day.parse(String(text.prefix(10))))
    }
}
