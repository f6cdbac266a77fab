import Contracts
import Untrusted

/// An estimate in words.
enum EstimateStory {
    static func text(_ estimate: Estimate) -> String {
        var table = TextTable("SERVICE", "CALL", "COUNT", "EACH", "COST")
        for call in estimate.calls {
            table.rows.append([call.service, call.method, "\(call.count)", call.unit.text, call.cost.text])
        }
        let film = Count.seconds(estimate.film)
        var lines = [
            "\(Count.of(estimate.segments, "segment")), \(film) of film. If Agent6 has to make it:", "", table.text, "",
        ]
        lines.append("cost: \(estimate.cost.text); what Agent5 charges comes on top")
        lines.append("time: about \(Int(clamping: max(estimate.seconds, 1).rounded(.up))) s")
        if let limit = estimate.maxCost {
            lines.append("limit: \(limit.text), \(estimate.fits ? "which is enough" : "which is not enough")")
        }
        lines += estimate.warnings.map { "warning: \($0.printable())" }
        return lines.joined(separator: "\n")
    }
}
