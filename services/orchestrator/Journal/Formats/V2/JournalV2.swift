/// Version 2 of the journal, which is written: each event is a flat object, `{"v":2,"type":"still_drawn","segment":0,...}`. Its types
/// are the journal's own, with the name of each member spelled out; durations are seconds (`_s`), moments milliseconds since 1970
/// (`_ms`), amounts millionths of a US dollar (`_micros`).
///
/// Members may be added if they are optional. Anything else that changes makes a version 3 beside this one.
enum JournalV2 {
    static let number = 2
}
