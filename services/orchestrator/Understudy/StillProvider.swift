/// The providers of stills that cost nothing, by their names in work and events.
enum StillProvider {
    /// The provider that needs neither network nor money.
    static let card = "card"
    /// The provider where the user gave the picture.
    static let given = "given"
}
