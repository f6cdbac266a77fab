import FoundationEssentials

/// What waits in one file of the spool: its events by number, in order, and the batches of which nobody knows whether they arrived.
///
/// Lines of the file are taken in their order; what a line says may be taken twice.
struct SpoolLoad {
    typealias Numbered = (number: Int, event: KeptEvent)

    struct Unsure: Equatable {
        let numbers: [Int]
        /// Milliseconds since 1970.
        let sentAt: Int64
    }

    private(set) var unsure: [Unsure] = []
    /// Streams in the order of their first events.
    private(set) var streams: [String] = []
    private var waiting: [String: [Numbered]] = [:]
    /// Of each event that the file ever had, the stream.
    private var homes: [String] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func take(_ line: SpoolLine) {
        switch line {
        case .event(let event):
            if waiting[event.stream] == nil { streams.append(event.stream) }
            waiting[event.stream, default: []].append((homes.count, event))
            homes.append(event.stream)
            count += 1
        case .sending(let numbers, let time):
            let batch = Unsure(numbers: numbers.numbers, sentAt: time)
            if !unsure.contains(batch) { unsure.append(batch) }
        case .delivered(let numbers), .dropped(let numbers):
            settle(numbers.numbers)
            remove(numbers.numbers)
        case .returned(let numbers): settle(numbers.numbers)
        }
    }

    /// The events that wait for a stream, in order.
    func events(of stream: String) -> [Numbered] { waiting[stream] ?? [] }

    /// Those of the numbers that still wait, in order; a batch's are of one stream.
    func events(_ numbers: [Int]) -> (stream: String, events: [Numbered])? {
        guard let first = numbers.first(where: homes.indices.contains) else { return nil }
        let wanted = Set(numbers)
        let found = events(of: homes[first]).filter { wanted.contains($0.number) }
        return found.isEmpty ? nil : (homes[first], found)
    }

    private mutating func settle(_ numbers: [Int]) {
        guard !unsure.isEmpty else { return }
        let gone = Set(numbers)
        unsure = unsure.compactMap { batch in
            let left = batch.numbers.filter { !gone.contains($0) }
            return left.isEmpty ? nil : Unsure(numbers: left, sentAt: batch.sentAt)
        }
    }

    private mutating func remove(_ numbers: [Int]) {
        let gone = Set(numbers)
        for stream in Set(numbers.filter(homes.indices.contains).map { homes[$0] }) {
            guard let events = waiting[stream] else { continue }
            let left = events.filter { !gone.contains($0.number) }
            count -= events.count - left.count
            waiting[stream] = left.isEmpty ? nil : left
            if left.isEmpty { streams.removeAll { $0 == stream } }
        }
    }
}
