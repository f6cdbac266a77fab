// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct PrometheusPageTests {
    /// The page as parsed by a scraper.
    private struct Page {
        var types: [String: String] = [:]
        var samples: [String: Double] = [:]
        var problems: [String] = []

        init(_ text: String) throws {
            let sample = try Regex(
                #"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*)\} (\S+)"#,
                as: (Substring, Substring, Substring, Substring).self)
            var family = ""
            var finished: Set<String> = []
            if !text.hasSuffix("\n") { problems.append("no line feed at the end") }
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                if line.hasPrefix("# TYPE ") {
                    let words = line.split(separator: " ").map(String.init)
                    finished.insert(family)
                    family = words.count == 4 ? words[2] : ""
                    if finished.contains(family) { problems.append("\(family) is repeated") }
                    types[family] = words.last
                } else if line.hasPrefix("# HELP ") {
                    if line.split(separator: " ").count < 4 { problems.append("no help: \(line)") }
                } else if let match = line.wholeMatch(of: sample)?.output {
                    let name = String(match.1)
                    let isOfFamily =
                        types[family] == "histogram"
                        ? ["_bucket", "_sum", "_count"].contains { name == family + $0 } : name == family
                    if !isOfFamily { problems.append("\(name) in \(family)") }
                    let key = "\(name){\(match.2)}"
                    if samples[key] != nil { problems.append("\(key) is repeated") }
                    guard let value = Double(match.3.replacing("+Inf", with: "inf")) else {
                        problems.append("no number: \(line)")
                        continue
                    }
                    samples[key] = value
                } else {
                    problems.append("not a line of the format: \(line)")
                }
            }
        }
    }

    private func counts() throws -> [String: CallTracker.MethodCount] {
        let callTracker = CallTracker(capacity: 4, methods: ["a.work": .work, "a.idle": .light])
        for (index, seconds) in [0.000_05, 0.002, 0.002, 3].enumerated() {
            let admission = try #require(try callTracker.enter("a.work"))
            callTracker.leave(admission, seconds: seconds, failure: index == 3 ? .timeout : nil)
        }
        _ = try callTracker.enter("a.work")
        return callTracker.methods
    }

    @Test
    func `the page contains calls, errors, durations and calls in flight of every method`() throws {
        var page = PrometheusPage(labels: [("service", "a"), ("instance", "a-1")])
        page.add(try counts(), of: ["a.idle", "a.work"])
        let parsed = try Page(page.text)
        #expect(parsed.problems == [])
        #expect(parsed.types["understudy_method_duration_seconds"] == "histogram")
        let work = #"{service="a",instance="a-1",method="a.work""#
        #expect(parsed.samples["understudy_method_calls_total\(work)}"] == 4)
        #expect(parsed.samples["understudy_method_errors_total\(work),kind=\"timeout\"}"] == 1)
        #expect(parsed.samples["understudy_method_calls_in_flight\(work)}"] == 1)
        #expect(parsed.samples["understudy_method_duration_seconds_bucket\(work),le=\"0.0001\"}"] == 1)
        #expect(parsed.samples["understudy_method_duration_seconds_bucket\(work),le=\"1\"}"] == 3)
        #expect(parsed.samples["understudy_method_duration_seconds_bucket\(work),le=\"+Inf\"}"] == 4)
        #expect(parsed.samples["understudy_method_duration_seconds_count\(work)}"] == 4)
        let sum = try #require(parsed.samples["understudy_method_duration_seconds_sum\(work)}"])
        #expect(abs(sum - 3.004_05) < 1e-9)
        // A method without calls has a sample, so that its rate is defined from the start.
        #expect(parsed.samples[#"understudy_method_calls_total{service="a",instance="a-1",method="a.idle"}"#] == 0)
    }

    @Test
    func `quotes, backslashes and line feeds in a label are escaped`() throws {
        var page = PrometheusPage(labels: [("instance", "a\"b\\c\nd")])
        page.add("up", .gauge, "Up.", [.init(1)])
        let parsed = try Page(page.text)
        #expect(parsed.problems == [])
        #expect(parsed.samples == [#"understudy_up{instance="a\"b\\c\nd"}"#: 1])
    }
}
