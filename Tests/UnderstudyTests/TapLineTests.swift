// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tap
import Testing

@testable import Understudy

/// How `understudy tap` shows messages.
@Suite(.timeLimit(.minutes(1))) struct TapLineTests {
    private static let head = #""instance":"clipper-1","connection":3,"peer":{"pid":1,"uid":0},"bytes":90"#

    @Test(arguments: [
        (
            #"{"time":"2026-11-30T15:06:00.103Z",\#(head),"direction":"in","id":7,"method":"clipper.create","job_id":"j","#
                + #""message":{"params":{"duration":4}}}"#,
            #"15:06:00.103 clipper-1 3 > clipper.create 7 j {"duration":4}"#
        ),
        (
            #"{"time":"2026-11-30T15:06:01.000Z",\#(head),"direction":"out","id":"a","method":"clipper.create","duration_s":0.000171,"#
                + #""message":{"result":{}}}"#,
            #"15:06:01.000 clipper-1 3 < clipper.create "a" 0.17 ms {}"#
        ),
        (
            #"{"time":"2026-11-30T15:06:01.000Z",\#(head),"direction":"out","id":1,"method":"x","duration_s":1.378,"error":"busy","#
                + #""message":{"error":{"message":"at\ncapacity"}}}"#,
            #"15:06:01.000 clipper-1 3 < x 1 1378 ms busy at\ncapacity"#
        ),
        (
            #"{"time":"2026-11-30T15:06:01.000Z",\#(head),"direction":"out","method":"x","#
                + #""message":{"method":"rpc.progress","params":{"id":1,"fraction":0.4,"message":"drawing"}}}"#,
            "15:06:01.000 clipper-1 3 < x 40 % drawing"
        ),
        (
            #"{"time":"2026-11-30T15:06:01.000Z",\#(head),"direction":"in","text":"nonsense"}"#,
            "15:06:01.000 clipper-1 3 > not JSON-RPC 2.0: nonsense"
        ),
        (
            #"{"time":"2026-11-30T15:06:01.000Z",\#(head),"direction":"in","id":1,"method":"x"}"#,
            "15:06:01.000 clipper-1 3 > x 1 (90 bytes)"
        ),
        (
            #"{"lost":12,"time":"2026-11-30T15:06:01.000Z"}"#,
            "15:06:01.000 clipper-1 ! 12 messages were lost: reading is too slow"
        ),
    ])
    func `a message is one line with what identifies it and what it is about`(json: String, expected: String) throws {
        #expect(TapLine.text(try TapReader.record(Data(json.utf8)), from: "clipper-1") == expected)
    }
}
