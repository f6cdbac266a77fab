/// One character of a narration, as lines see it.
struct Grapheme {
    let character: Character
    let width: Int
    let traits: Script.Traits

    init(_ character: Character) {
        self.character = character
        width = Script.width(character)
        traits = Script.traits(of: character)
    }

    var isSpace: Bool { character == " " }
}
