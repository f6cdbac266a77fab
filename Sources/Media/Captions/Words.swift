/// Short words, in lower case, that tell where phrases and sentences begin and end in the languages
/// most often narrated.
enum Words {
    /// Words that begin a phrase.
    static let openers: Set<String> = [
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
        "क्योंकि", "मगर",
    ]

    /// Words that belong to the word after them.
    static let leanOn: Set<String> = [
        "the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "these", "every", "no",
        "very", "not", "of", "to", "in", "on", "at", "by", "for", "from", "with", "into", "and", "or", "but",
        "that", "mr", "mrs", "dr", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
        "einer", "eines", "kein", "keine", "mit", "von", "aus", "auf", "für", "bei", "zu", "zum", "zur", "im",
        "am", "und", "oder", "sehr", "nicht", "le", "la", "les", "un", "une", "du", "de", "au", "aux", "ce",
        "cette", "et", "en", "dans", "sur", "avec", "pour", "el", "los", "las", "una", "del", "al", "con", "por",
        "para", "il", "lo", "gli", "di", "da", "e", "o", "i", "os", "um", "uma", "do", "het", "een", "van", "в",
        "на", "с", "из", "по", "к", "и", "не", "ο", "η", "το", "من", "في", "على", "إلى",
    ]

    /// Words that belong to the word before them.
    static let leanBack: Set<String> = [
        "का", "के", "की", "को", "में", "से", "ने", "पर", "तक", "है", "हैं", "था", "थी", "थे", "ही", "भी",
    ]

    /// Forms that end in a full stop within a sentence.
    static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "mt", "jr", "sr", "rev", "gen", "col", "capt", "lt", "sgt", "gov",
        "messrs", "mme", "mlle", "vs", "approx", "dept", "inc", "ltd", "ph.d", "hr", "fr", "nr", "bzw", "ca",
        "ggf", "evtl", "inkl", "bzgl", "sog", "str", "sra", "dra", "ud", "uds", "dott", "av", "bd", "т.е", "т.д",
        "т.п", "др", "г-н",
    ]

    /// Forms that end in a full stop before a number.
    static let numbered: Set<String> = [
        "no", "vol", "fig", "ch", "pp", "p", "art", "sec", "op", "abb", "kap", "bd", "núm", "pág", "num",
    ]

    /// Months before which a number's full stop is that of an ordinal.
    static let months: Set<String> = [
        "januar", "jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober",
        "november", "dezember", "jahrhundert", "januari",
    ]
}
