import Contracts
import JSONRPC

/// What paid calls have spent that were stopped: the job was cancelled or has failed, or its lead has delivered meanwhile.
extension JobMachine {
    /// Books what a stopped call reports; what it may have cost where its reply did not come.
    mutating func stopped(_ segment: Int?, _ error: ServiceError, startedAt: Timestamp, at now: Timestamp) {
        guard let work = unsettled.first(where: { $0.segment == segment }) else { return }
        unsettled.remove(work)
        var unknown = error.unknown
        switch work {
        case .image(let index, _, let provider):
            if error.isUnsettled { unknown = max(unknown, stillPrice(provider)) }
            guard error.wasted + unknown > .zero else { return }
            lose(error.wasted, unknown: unknown, on: index)
            attempted(
                .understudy, .still, segmentID: segments[index].id, from: startedAt, to: now, cost: error.wasted,
                unknown: unknown, error: error)
        default:
            if error.isUnsettled {
                warnings.append("Agent5 was stopped and did not report what it had ordered: its costs are not known")
            }
            guard error.wasted + unknown > .zero else { return }
            loseLead(error.wasted, unknown: unknown)
            attempted(
                .lead, .film, from: startedAt, to: now, cost: error.wasted, unknown: unknown, error: error)
        }
    }

    /// A still that was made although it was to be stopped is paid for; it is stored for a retry.
    mutating func stoppedTooLate(
        _ index: Int, _ image: GeneratedImage, startedAt: Timestamp, at now: Timestamp
    ) {
        guard let work = unsettled.first(where: { $0.segment == index }), segments[index].image == nil else { return }
        unsettled.remove(work)
        change(index) { segment in
            guard segment.maker != .lead else {
                segment.spare = image
                return
            }
            segment.image = image
            segment.maker = .understudy
        }
        spend(image.cost, on: index)
        lose(image.wasted ?? .zero, unknown: image.unknown ?? .zero, on: index)
        if isHedged { hedge += image.cost }
        attempted(
            .understudy, .still, segmentID: segments[index].id, from: startedAt, to: now,
            cost: image.cost + (image.wasted ?? .zero), unknown: image.unknown)
    }
}

extension ServiceError {
    /// Whether a call that was stopped ended without a reply that reports what it has spent.
    var isUnsettled: Bool {
        switch cause {
        case .notSettled, .replicaLost, .replicaBroken: true
        default: false
        }
    }
}

extension JobEvent {
    /// Whether the event is the end of a paid call, which needs no settlement then.
    func ends(_ work: JobWork) -> Bool {
        switch (self, work) {
        case (.imageMade(let index, _, _), .image(let segment, _, _)),
            (.imageFailed(let index, _, _), .image(let segment, _, _)),
            (.stillFailed(let index, _, _), .image(let segment, _, _)):
            index == segment
        case (.leadDelivered, .lead), (.leadFailed, .lead), (.leadBarred, .lead): true
        default: false
        }
    }
}
