package import Faults

/// The tempo that a call asks for; 1 if absent.
///
/// - Throws: `invalid_params` outside 1 to 2.
package func checkTempo(_ tempo: Double?, at pointer: String) throws(ServiceError) -> Double {
    guard let tempo else { return 1 }
    guard tempo.isFinite, (1...2).contains(tempo) else {
        throw .invalidParams(at: pointer, expected: "a factor from 1 to 2, found \(tempo)")
    }
    return tempo
}
