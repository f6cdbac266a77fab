// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct CaptionLayoutTests {
    private func cues(_ text: String, speech: Range<Double>, end: Double? = nil) -> [CaptionCue] {
        CaptionBounds(text: text, speech: speech, end: end ?? speech.upperBound).check()
    }

    /// The lines of each caption of a text that is spoken at a usual pace.
    private func lines(_ text: String) -> [[String]] {
        cues(text, speech: 0..<max(Double(text.count) / 14, 1.5)).map(\.lines)
    }

    @Test(arguments: [
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
    func `captions keep their invariants in every writing system and at every pace`(_ text: String) {
        for spoken in [0.05, 2, 6.5, 14, 40, 200] {
            for spare in [0, 0.5, 30] {
                _ = cues(text, speech: 0.4..<0.4 + spoken, end: 0.4 + spoken + spare)
            }
        }
    }

    @Test
    func `captions end where sentences do`() {
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

    @Test(arguments: [
        "Mr. Bean", "Prof. Voss", "the U.S. Navy", "J. S. Bach", "z. B. Kiel", "z.B. Kiel", "No. 5 has",
        "am 3. Mai",
        "about 3.5 tons", "e.g. herring", "Herr Dr. Voss", "is wait... what",
    ])
    func `full stops of abbreviations, initials, decimals and ordinals end no sentence`(_ form: String) throws {
        let text = CaptionText("It " + form + ". Then it ended.")
        let ends = text.pieces.indices.filter { text.pieces[$0].end == .sentence }
        #expect(try text.string(0..<#require(ends.first) + 1) == "It " + form + ".")
        #expect(ends.count == 2)
    }

    @Test(arguments: [
        "Ja! Nein.", "Wirklich? Nein.", "„Ja.“ Nein.", "»Ja.« Nein.", "(Yes.) No.", "« Oui ! » Non.", "“Yes.” No.",
        "Well… No.", "Well... No.", "はい。いいえ。", "はい！いいえ。", "नमस्ते। नहीं।", "نعم؟ لا.", "I said no. No.", "So do I. No.",
        "네. 아니요.",
    ])
    func `sentences end at their punctuation, including before closing quotes`(_ text: String) {
        let ends = CaptionText(text).pieces.filter { $0.end == .sentence }
        #expect(ends.count == 2)
    }

    @Test
    func `lines end at phrase boundaries, and the lower line tends to be longer`() {
        #expect(
            lines("The keeper climbs the stairs of his tower, and the lamp begins to turn.")
                == [["The keeper climbs the stairs of his tower,", "and the lamp begins to turn."]])
        #expect(
            lines("Nobody has ever seen the lighthouse keeper without his cap.")
                == [["Nobody has ever seen", "the lighthouse keeper without his cap."]])
        #expect(lines("One line is enough for this.") == [["One line is enough for this."]])
    }

    @Test
    func `a single short word joins a neighbouring caption`() {
        let text =
            "Yes. The harbour wakes before the sun does, and over the roofs there is a light that nobody ordered. "
            + "Why? So it begins."
        #expect(lines(text).allSatisfy { $0.joined(separator: " ").contains(" ") })
    }

    @Test
    func `lines of Japanese and Thai respect characters that must not begin or end a line`() {
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

    @Test
    func `lines of Thai end at ends of words, preferably before a conjunction`() {
        // "The harbour wakes before the sun. Boats, ropes and gulls: everything moves in the first light of the day."
        let words = "ท่า เรือ ตื่น ก่อน ดวง อาทิตย์ เรือ เชือก และ นก นางนวล ทุก อย่าง เคลื่อนไหว ใน แสง แรก ของ วัน"
            .split(separator: " ")
        for offset in words.indices {
            let rotated = words[offset...] + words + words[..<offset]
            let ends = rotated.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
            var position = 0
            for line in lines(rotated.joined()).joined() {
                position += line.count
                let isEndOfWord = ends.contains(position)
                #expect(isEndOfWord, "\(line)")
            }
        }
        #expect(lines(words.joined()) == [["ท่าเรือตื่นก่อนดวงอาทิตย์เรือเชือก", "และนกนางนวลทุกอย่างเคลื่อนไหวในแสงแรกของวัน"]])
    }

    @Test
    func `lines of Khmer end at the invisible spaces between words`() {
        let words = "កំពង់ផែ ភ្ញាក់ មុន ព្រះអាទិត្យ រះ ទូក ខ្សែ និង សត្វ សមុទ្រ ទាំងអស់ ធ្វើ ចលនា ក្នុង ពន្លឺ ដំបូង"
            .split(separator: " ").map(String.init)
        for offset in words.indices {
            let rotated = Array(words[offset...] + words + words[..<offset])
            let found = lines(rotated.joined(separator: "\u{200B}")).joined()
            #expect(found.flatMap { $0.split(separator: "\u{200B}").map(String.init) } == rotated)
        }
    }

    @Test
    func `without spaces, syllables of Khmer, Lao and Burmese stay whole`() {
        for (letter, text) in [
            ("ក", "កំពង់ផែភ្ញាក់មុនព្រះអាទិត្យរះទូកខ្សែនិងសត្វសមុទ្រទាំងអស់ធ្វើចលនាក្នុងពន្លឺដំបូង"),
            ("ກ", "ທ່າເຮືອຕື່ນກ່ອນດວງອາທິດເຮືອເຊືອກແລະນົກນາງນວນທຸກຢ່າງເຄື່ອນໄຫວໃນແສງທຳອິດຂອງວັນ"),
            ("က", "ဆိပ်ကမ်းသည်နေမထွက်မီနိုးထသည်လှေများကြိုးများနှင့်စင်ရော်များအားလုံးလှုပ်ရှားကြသည်ကမ္ဘာ"),
        ] {
            for offset in 0..<24 {
                for line in lines(String(repeating: letter, count: offset) + text + text).joined() {
                    #expect(
                        !"\u{17D2}\u{1039}ເແໂໃໄ".unicodeScalars.contains(line.unicodeScalars.last ?? "ເ"), "\(line)")
                    #expect(!"ະາຳ\u{102C}\u{1038}".unicodeScalars.contains(line.unicodeScalars.first ?? "ະ"), "\(line)")
                }
            }
        }
    }

    @Test
    func `Chinese quotation marks stay with their text, and sentences end before and after them`() {
        let sentence = "他问：“谁说‘大海’沉默无言？”没有人。“我知道，”她说，“大海——永远——不会沉默。”"
        for offset in 0..<24 {
            let found = lines(String(repeating: "港", count: offset) + sentence + sentence).joined()
            #expect(
                found.allSatisfy { !"”’，。？—".contains($0.first ?? "，") && !"“‘".contains($0.last ?? "“") }, "\(found)")
        }
        #expect(CaptionText(sentence).pieces.filter { $0.end == .sentence }.count == 3)
    }

    @Test
    func `words of Korean and words with hyphens stay whole`() {
        for text in [
            "항구는 해보다 먼저 깨어난다. “누구세요?”라고 그가 3월에 물었다. 아무도 대답하지 않았고 등대지기는 계단을 올라갔다.",
            "It was the well-known, half-forgotten twenty-first-century lighthouse (built 1998–2003) and/or its lamp.",
        ] {
            let words = text.split(separator: " ").map(String.init)
            for offset in words.indices {
                let rotated = Array(words[offset...] + words[..<offset])
                let found = lines(rotated.joined(separator: " ")).joined()
                #expect(found.flatMap { $0.split(separator: " ").map(String.init) } == rotated)
            }
        }
    }

    @Test
    func `a dash ends a line, unless it starts a word`() {
        for offset in 0..<20 {
            let prefix = String(repeating: "a", count: offset)
            let found = lines(
                prefix + " It was late – very late — and nobody—not even he—knew — or so it was told – why.")
            #expect(found.joined().allSatisfy { !"–—".contains($0.first ?? "–") }, "\(found)")
            let spoken = lines(
                prefix + " Yo no lo sé —dijo él—, pero mañana lo sabremos todos —respondió ella— en el puerto.")
            #expect(spoken.joined().allSatisfy { $0.last != "—" || $0.hasSuffix("ella—") }, "\(spoken)")
        }
    }

    @Test
    func `French punctuation is not separated from its word`() {
        for offset in 0..<20 {
            let found = lines(
                String(repeating: "a", count: offset)
                    + " le port dit : « Bonjour ! » et encore « Bonsoir ! » au monde entier ; et voilà !"
                    + " Il reste 35 % de l’« Étoile » et 5 %.")
            #expect(found.joined().allSatisfy { !":!;»%".contains($0.first ?? "!") && $0.last != "«" }, "\(found)")
        }
    }

    @Test
    func `a word longer than a line is broken, preferably after a hyphen; emoji stay whole`() {
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

    @Test
    func `wide characters take two columns, combining marks none`() {
        let widths: [(Character, Int)] = [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("港", 2), ("ｶ", 1), ("Ａ", 2), ("한", 2), ("한", 2), ("👨‍👩‍👧‍👦", 2), ("🇩🇪", 2),
            ("❤️", 2), ("1️⃣", 2), ("م", 1), ("مّ", 1), ("ก้", 1), ("\u{200B}", 0), ("\u{200F}", 0), (" ", 1),
        ]
        for (character, width) in widths { #expect(WritingSystem.width(character) == width, "\(character)") }
    }

    @Test
    func `captions of fast speech stay on screen after the speech ends`() {
        let text = "Everything happens so fast here that nobody could ever read it in the time it takes to say."
        #expect((cues(text, speech: 0..<2, end: 10).last?.end ?? 0) > 5)
        #expect(cues(text, speech: 0..<2, end: 2).last.map { abs($0.end - 2) < 1e-6 } == true)
        #expect((cues(text, speech: 0..<2, end: .infinity).last?.end ?? 9) < 6)
    }

    @Test
    func `slow speech is split into smaller captions, and no caption lasts over 7 s`() {
        let found = cues("The harbour wakes before the sun does, and over the roofs there is a light.", speech: 0..<60)
        #expect(found.count >= 8)
        #expect(zip(found, found.dropFirst()).allSatisfy { $1.start - $0.end < 4 })
        #expect(cues("Wait!", speech: 2..<30) == [CaptionCue(start: 2, end: 9, lines: ["Wait!"])])
    }

    @Test
    func `short captions last a second if there is time, else as long as possible`() {
        #expect(cues("Go!", speech: 1..<1.2, end: 4) == [CaptionCue(start: 1, end: 2, lines: ["Go!"])])
        #expect(cues("Go!", speech: 1..<1.2, end: 1.5) == [CaptionCue(start: 1, end: 1.5, lines: ["Go!"])])
    }

    @Test
    func `whitespace collapses, control characters are removed, and empty text yields no cue`() {
        #expect(lines(" \t\n one\n\n two\u{3000}\u{A0}three\r\n") == [["one two three"]])
        let found = CaptionLayout.cues(
            text: "\u{FEFF}a\u{7}b\u{0}\u{202E}c\u{2067}d\u{2069}\u{AD}", speech: 0..<2, end: 2)
        #expect(found.map(\.lines) == [["abcd"]])
        for text in ["", " \n\t ", "\u{202E}\u{7}", "\u{200B}\u{200D}"] {
            #expect(CaptionLayout.cues(text: text, speech: 0..<2, end: 2).isEmpty)
        }
        #expect(CaptionLayout.cues(text: "a", speech: 2..<3, end: 2).isEmpty)
    }

    @Test
    func `right-to-left text stays in logical order`() {
        let text = "يستيقظ الميناء قبل الشمس، وتتحرك القوارب والحبال والنوارس جميعها."
        #expect(lines(text).joined().joined(separator: " ") == text)
    }
}
