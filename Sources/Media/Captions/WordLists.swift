// SPDX-License-Identifier: Apache-2.0

/// Lower-case words that indicate where phrases and sentences start and end in common narration languages.
enum WordLists {
    /// Words that start a phrase.
    static let phraseStarters: Set<String> = [
        "and", "or", "but", "nor", "so", "because", "while", "when", "where", "which", "who", "that", "if", "as",
        "than", "though", "although", "since", "unless", "to", "of", "in", "on", "at", "by", "for", "from", "with",
        "without", "into", "over", "under", "through", "until", "after", "before", "between", "against", "about",
        "like", "und", "oder", "aber", "denn", "weil", "wenn", "dass", "als", "ob", "bis", "damit", "obwohl",
        "während", "wo", "der", "die", "das", "mit", "ohne", "von", "aus", "auf", "für", "bei", "nach", "vor",
        "über", "unter", "zu", "zum", "zur", "im", "am", "durch", "gegen", "zwischen", "et", "ou", "mais", "donc",
        "car", "que", "qui", "où", "quand", "dans", "sur", "sous", "avec", "sans", "pour", "par", "y", "o", "pero",
        "porque", "cuando", "donde", "con", "sin", "en", "para", "por", "sobre", "hasta", "desde", "e", "ma",
        "che", "perché", "quando", "per", "di", "nel", "nella", "mas", "com", "sem", "em", "até", "maar", "omdat",
        "met", "voor", "van", "naar", "и", "но", "или", "что", "когда", "где", "потому", "в", "на", "с", "из",
        "по", "к", "от", "до", "для", "και", "αλλά", "ή", "στο", "στη", "με", "για", "ثم", "لكن", "أو", "من", "في",
        "على", "إلى", "عن", "أن", "حين", "מן", "של", "או", "אבל", "כי", "עם", "और", "लेकिन", "या", "कि", "जब",
        "क्योंकि", "मगर", "และ", "แต่", "หรือ", "ที่", "ซึ่ง", "ใน", "จาก", "เพื่อ", "เพราะ", "เมื่อ", "กับ", "โดย", "ว่า", "និង", "ប៉ុន្តែ",
        "ឬ",
        "ដែល", "នៅ", "ក្នុង", "ពី", "ដើម្បី", "ព្រោះ",
    ]

    /// Words bound to the next word.
    static let boundToNext: Set<String> = [
        "the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "these", "every", "no",
        "very", "not", "of", "to", "in", "on", "at", "by", "for", "from", "with", "into", "and", "or", "but",
        "that", "mr", "mrs", "dr", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
        "einer", "eines", "kein", "keine", "mit", "von", "aus", "auf", "für", "bei", "zu", "zum", "zur", "im",
        "am", "und", "oder", "sehr", "nicht", "le", "la", "les", "un", "une", "du", "de", "au", "aux", "ce",
        "cette", "et", "en", "dans", "sur", "avec", "pour", "el", "los", "las", "una", "del", "al", "con", "por",
        "para", "il", "lo", "gli", "di", "da", "e", "o", "i", "os", "um", "uma", "do", "het", "een", "van", "в",
        "на", "с", "из", "по", "к", "и", "не", "ο", "η", "το", "من", "في", "على", "إلى",
    ]

    /// Words bound to the previous word.
    static let boundToPrevious: Set<String> = [
        "का", "के", "की", "को", "में", "से", "ने", "पर", "तक", "है", "हैं", "था", "थी", "थे", "ही", "भी",
    ]

    /// Abbreviations that end in a full stop within a sentence.
    static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "mt", "jr", "sr", "rev", "gen", "col", "capt", "lt", "sgt", "gov",
        "messrs", "mme", "mlle", "vs", "approx", "dept", "inc", "ltd", "ph.d", "hr", "fr", "nr", "bzw", "ca",
        "ggf", "evtl", "inkl", "bzgl", "sog", "str", "sra", "dra", "ud", "uds", "dott", "av", "bd", "т.е", "т.д",
        "т.п", "др", "г-н",
    ]

    /// Abbreviations that end in a full stop before a number.
    static let numberAbbreviations: Set<String> = [
        "no", "vol", "fig", "ch", "pp", "p", "art", "sec", "op", "abb", "kap", "bd", "núm", "pág", "num",
    ]

    /// Months; the full stop of a number before them marks an ordinal.
    static let months: Set<String> = [
        "januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober",
        "november", "dezember", "jahrhundert", "januari",
    ]
}
