// SPDX-License-Identifier: Apache-2.0

import Faults
import JSONRPC

/// Builds a page in Prometheus' text exposition format 0.0.4. Pure.
///
/// All metric names get the prefix `understudy_`.
struct PrometheusPage {
    /// The type of a metric family.
    enum Kind: String {
        case counter, gauge, histogram
    }

    /// One sample of a metric family.
    struct Sample {
        /// The labels in addition to those of the page.
        var labels: [(name: String, value: String)] = []
        /// The suffix of a histogram's sample, such as `_bucket`.
        var suffix = ""
        var value: Double

        init(_ value: Double, _ labels: [(name: String, value: String)] = [], suffix: String = "") {
            self.value = value
            self.labels = labels
            self.suffix = suffix
        }

        init(_ value: Int) { self.init(Double(value)) }
    }

    private(set) var text = ""
    /// The labels of all samples.
    private let labels: [(name: String, value: String)]

    init(labels: [(name: String, value: String)]) {
        self.labels = labels
    }

    /// Adds a metric family. Each name may be added once; a family without samples is omitted.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP understudy_\(name) \(help)\n# TYPE understudy_\(name) \(kind.rawValue)\n"
        for sample in samples {
            let pairs = (labels + sample.labels).map { "\($0.name)=\"\(Self.escape($0.value))\"" }
            text += "understudy_\(name)\(sample.suffix){\(pairs.joined(separator: ","))} \(Self.number(sample.value))\n"
        }
    }

    /// Escapes a label's value: backslashes, quotes and line feeds.
    private static func escape(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

extension PrometheusPage {
    /// Adds the counters and latencies of methods; methods without calls get zeros.
    mutating func add(_ counts: [String: CallTracker.MethodCount], of names: [String]) {
        let methods = names.map { (name: $0, count: counts[$0] ?? CallTracker.MethodCount()) }
        add(
            "method_calls_total", .counter, "Calls that have ended.",
            methods.map { Sample(Double($0.count.calls), [("method", $0.name)]) })
        add(
            "method_errors_total", .counter, "Calls that have ended with an error, by kind.",
            methods.flatMap { method in
                method.count.failures.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, number in
                    Sample(Double(number), [("method", method.name), ("kind", kind.rawValue)])
                }
            })
        add(
            "method_calls_in_flight", .gauge, "Calls in flight.",
            methods.map { Sample(Double($0.count.inFlight), [("method", $0.name)]) })
        add(
            "method_duration_seconds", .histogram, "Duration of calls that have ended.",
            methods.flatMap { Self.histogram($0.count.latency, method: $0.name) })
    }

    private static func histogram(_ latency: LatencyHistogram, method: String) -> [Sample] {
        let count = Double(latency.count)
        var samples = latency.cumulative.map { step in
            Sample(Double(step.count), [("method", method), ("le", number(step.seconds))], suffix: "_bucket")
        }
        samples.append(Sample(count, [("method", method), ("le", "+Inf")], suffix: "_bucket"))
        samples.append(Sample(latency.sum, [("method", method)], suffix: "_sum"))
        samples.append(Sample(count, [("method", method)], suffix: "_count"))
        return samples
    }
}
