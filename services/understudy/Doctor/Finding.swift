/// One thing that `understudy doctor` looked at.
struct Finding {
    enum Grade: String {
        case good = "ok  "
        case note = "note"
        case bad = "BAD "
    }

    var grade: Grade
    var subject: String
    var text: String
}
