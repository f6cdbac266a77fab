import Testing

@testable import Media

@Suite struct CaptionLayoutTests {
    private func cues(_ text: String, speech: Range<Double>, end: Double? = nil) -> [CaptionCue] {
        CaptionBounds(text: text, speech: speech, end: end ?? speech.upperBound).check()
    }

    /// The captions of a text that is spoken at a usual pace, each as its lines.
    private func lines(_ text: String) -> [[String]] {
        cues(text, speech: 0..<max(Double(text.count) / 14, 1.5)).map(\.lines)
    }

    @Test(
        "captions keep their bounds in every script, at every pace",
        arguments: [
            "The harbour wakes before the sun does. Boats, ropes and gulls: everything moves, for Dr. Marlow counts 3.5 tons.",
            "Noch vor der Sonne wacht der Hafen auf, und über den Dächern liegt ein Licht, das niemand bestellt hat.",
            "Le port s’éveille avant le soleil ; tout bouge : « Bonjour ! » dit quelqu’un. Personne ne répond.",
            "港は太陽より先に目を覚ます。船も、ロープも、カモメも、すべてが動き始める。「おはよう。」と誰かが言った。",
            "港口在太阳升起之前就醒来了。船只、绳索和海鸥，一切都在动。谁说大海沉默无言？没有人。",
            "항구는 해보다 먼저 깨어난다. 배와 밧줄과 갈매기, 모든 것이 움직이기 시작한다.",
            "يستيقظ الميناء قبل الشمس، وتتحرك القوارب والحبال والنوارس جميعها. من قال إن البحر صامت؟ لا أحد.",
            "सूरज से पहले बंदरगाह जागता है। नावें, रस्सियाँ और पक्षी सब चल पड़ते हैं। कौन कहता है कि समुद्र चुप है?",
            "ท่าเรือตื่นก่อนดวงอาทิตย์เรือเชือกและนกนางนวลทุกอย่างเคลื่อนไหวในแสงแรกของวัน",
            "កំពង់ផែភ្ញាក់មុនព្រះអាទិត្យរះទូកខ្សែនិងសត្វសមុទ្រទាំងអស់ធ្វើចលនាក្នុងពន្លឺដំបូង។",
            "A family 👨‍👩‍👧‍👦 waves 🇩🇪 at the ships 🚢🚢🚢, and nobody counts them 👍🏽.",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft is one word.",
            "Short.", "a", "No full stop at the end of this one", "...",
            "! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! !",
        ])
    func scripts(_ text: String) {
        for spoken in [0.05, 2, 6.5, 14, 40, 200] {
            for spare in [0, 0.5, 30] {
                _ = cues(text, speech: 0.4..<0.4 + spoken, end: 0.4 + spoken + spare)
            }
        }
    }

    @Test("captions end where sentences do")
    func sentences() {
        #expect(
            lines("Dr. Marlow counts 3.5 tons of herring every day. The harbour master does not believe him at all.")
                == [
                    ["Dr. Marlow counts 3.5 tons", "of herring every day."],
                    ["The harbour master does", "not believe him at all."],
                ])
        for text in [
            "क्या तुम सच में यह मानते हो कि समुद्र हमेशा चुप रहता है? सूरज से पहले बंदरगाह जागता है और नावें चल पड़ती हैं। फिर सब घर जाते हैं।",
            "من قال إن البحر صامت في هذا الوقت من الليل؟ يستيقظ الميناء قبل الشمس وتتحرك القوارب كلها. ثم يعود الجميع إلى البيت.",
            "港は太陽より先に目を覚まし、船もロープもすべてが動き始める。カモメたちは空を回りながら一日の始まりを待っている。誰も知らない。",
        ] {
            let captions = lines(text)
            #expect(captions.count > 1)
            #expect(captions.allSatisfy { $0.last?.last.map { "?؟.।。".contains($0) } == true }, "\(captions)")
        }
    }

    @Test(
        "full stops of short forms, initials, decimals and ordinals end no sentence",
        arguments: [
            "Mr. Bean", "Prof. Voss", "the U.S. Navy", "J. S. Bach", "z. B. Kiel", "z.B. Kiel", "No. 5 has",
            "am 3. Mai",
            "about 3.5 tons", "e.g. herring", "Herr Dr. Voss", "is wait... what",
        ])
    func shortForms(_ form: String) throws {
        let text = CaptionText("It " + form + ". Then it ended.")
        let ends = text.pieces.indices.filter { text.pieces[$0].end == .sentence }
        #expect(try text.string(0..<#require(ends.first) + 1) == "It " + form + ".")
        #expect(ends.count == 2)
    }

    @Test(
        "sentences end at their marks, behind quotes too",
        arguments: [
            "Ja! Nein.", "Wirklich? Nein.", "„Ja.“ Nein.", "»Ja.« Nein.", "(Yes.) No.", "« Oui ! » Non.", "“Yes.” No.",
            "Well… No.", "Well... No.", "はい。いいえ。", "はい！いいえ。", "नमस्ते। नहीं।", "نعم؟ لا.", "I said no. No.", "So do I. No.",
            "네. 아니요.",
        ])
    func marks(_ text: String) {
        let ends = CaptionText(text).pieces.filter { $0.end == .sentence }
        #expect(ends.count == 2)
    }

    @Test("lines end where a phrase does, and the lower one is rather the longer")
    func phrases() {
        #expect(
            lines("The keeper climbs the stairs of his tower, and the lamp begins to turn.")
                == [["The keeper climbs the stairs of his tower,", "and the lamp begins to turn."]])
        #expect(
            lines("Nobody has ever seen the lighthouse keeper without his cap.")
                == [["Nobody has ever seen", "the lighthouse keeper without his cap."]])
        #expect(lines("One line is enough for this.") == [["One line is enough for this."]])
    }

    @Test("no caption is a single short word where another can take it")
    func orphans() {
        let text =
            "Yes. The harbour wakes before the sun does, and over the roofs there is a light that nobody ordered. "
            + "Why? So it begins."
        #expect(lines(text).allSatisfy { $0.joined(separator: " ").contains(" ") })
    }

    @Test("lines of Japanese and Thai neither begin nor end with what may not")
    func kinsoku() {
        let sentence = "「ちょっと待って、キャッチャー（捕手）が言った」と、ファーストの選手は３５％の確率で『はい』と答えた。"
        for offset in 0..<24 {
            let found = lines(String(repeating: "港", count: offset) + sentence + sentence).joined()
            #expect(found.allSatisfy { !"、。」』）ょっゃァー％".contains($0.first ?? "、") && !"「『（".contains($0.last ?? "「") })
        }
        for line in lines(String(repeating: "เรือเชือกและนกนางนวลทุกอย่างเคลื่อนไหวในแสงแรก", count: 4)).joined() {
            #expect(!"เแโใไ".unicodeScalars.contains(line.unicodeScalars.last ?? "เ"))
            #expect(!"ะาำๆ".unicodeScalars.contains(line.unicodeScalars.first ?? "ะ"))
        }
    }

    @Test("French punctuation stays with its word across its space")
    func french() {
        for offset in 0..<20 {
            let found = lines(
                String(repeating: "a", count: offset)
                    + " le port dit : « Bonjour ! » et encore « Bonsoir ! » au monde entier ; et voilà !")
            #expect(found.joined().allSatisfy { !":!;»".contains($0.first ?? "!") && $0.last != "«" }, "\(found)")
        }
    }

    @Test("a word longer than a line is broken, after a hyphen if it has one; emoji stay whole")
    func longWords() {
        let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
        #expect(lines(word) == [[String(word.prefix(42)), String(word.dropFirst(42))]])
        #expect(
            lines("Hauptbetriebswerksbauunterbeamten-gesellschaftsversammlung")
                == [["Hauptbetriebswerksbauunterbeamten-", "gesellschaftsversammlung"]])
        let family = "👨‍👩‍👧‍👦"
        let found = lines(String(repeating: family, count: 50)).joined()
        #expect(found.allSatisfy { $0.allSatisfy { String($0) == family } && $0.count <= 21 })
        #expect(lines(String(repeating: "🇩🇪", count: 30)).joined().joined().allSatisfy { $0 == "🇩🇪" })
    }

    @Test("wide characters take two columns, marks none")
    func widths() {
        let widths: [(Character, Int)] = [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("港", 2), ("ｶ", 1), ("Ａ", 2), ("한", 2), ("한", 2), ("👨‍👩‍👧‍👦", 2), ("🇩🇪", 2),
            ("❤️", 2), ("1️⃣", 2), ("م", 1), ("مّ", 1), ("ก้", 1), ("\u{200B}", 0), ("\u{200F}", 0), (" ", 1),
        ]
        for (character, width) in widths { #expect(Script.width(character) == width, "\(character)") }
    }

    @Test("speech that is too quick to read stays on the screen after it is over")
    func quick() {
        let text = "Everything happens so fast here that nobody could ever read it in the time it takes to say."
        #expect((cues(text, speech: 0..<2, end: 10).last?.end ?? 0) > 5)
        #expect(cues(text, speech: 0..<2, end: 2).last.map { abs($0.end - 2) < 1e-6 } == true)
        #expect((cues(text, speech: 0..<2, end: .infinity).last?.end ?? 9) < 6)
    }

    @Test("speech that is slow is shown in smaller parts, and what cannot be parted goes after 7 s")
    func slow() {
        let found = cues("The harbour wakes before the sun does, and over the roofs there is a light.", speech: 0..<60)
        #expect(found.count >= 8)
        #expect(zip(found, found.dropFirst()).allSatisfy { $1.start - $0.end < 4 })
        #expect(cues("Wait!", speech: 2..<30) == [CaptionCue(start: 2, end: 9, lines: ["Wait!"])])
    }

    @Test("short captions stay for a second where there is room, and share what there is")
    func shortest() {
        #expect(cues("Go!", speech: 1..<1.2, end: 4) == [CaptionCue(start: 1, end: 2, lines: ["Go!"])])
        #expect(cues("Go!", speech: 1..<1.2, end: 1.5) == [CaptionCue(start: 1, end: 1.5, lines: ["Go!"])])
    }

    @Test("whitespace is one space; controls and overrides are gone; nothing gives nothing")
    func cleaning() {
        #expect(lines(" \t\n one\n\n two\u{3000}\u{A0}three\r\n") == [["one two three"]])
        let found = CaptionLayout.cues(
            text: "\u{FEFF}a\u{7}b\u{0}\u{202E}c\u{2067}d\u{2069}\u{AD}", speech: 0..<2, end: 2)
        #expect(found.map(\.lines) == [["abcd"]])
        for text in ["", " \n\t ", "\u{202E}\u{7}", "\u{200B}\u{200D}"] {
            #expect(CaptionLayout.cues(text: text, speech: 0..<2, end: 2).isEmpty)
        }
        #expect(CaptionLayout.cues(text: "a", speech: 2..<3, end: 2).isEmpty)
    }

    @Test("right-to-left text stays in logical order")
    func rightToLeft() {
        let text = "يستيقظ الميناء قبل الشمس، وتتحرك القوارب والحبال والنوارس جميعها."
        #expect(lines(text).joined().joined(separator: " ") == text)
    }
}
