// SPDX-License-Identifier: Apache-2.0

import Faults
import NIOCore
import Testing

@testable import JSONRPC

@Suite(.timeLimit(.minutes(1))) struct MessageTests {
    private func message(_ text: String) -> Message { Message(ByteBuffer(string: text)) }

    @Test
    func `ids of every kind are preserved exactly`() {
        for (text, id) in [
            ("1", RPCID.number("1")), ("1.0", .number("1.0")),
            ("12345678901234567890", .number("12345678901234567890")),
            ("\"a\\u0062\"", .string("ab")), ("null", .null), ("-0.5e3", .number("-0.5e3")),
        ] {
            let expected = Message.single(.request(id: id, method: "m", params: nil))
            #expect(message("{\"jsonrpc\":\"2.0\",\"id\":\(text),\"method\":\"m\"}") == expected)
        }
        #expect(RPCID.number("1.0").json == "1.0")
        #expect(RPCID.string("a\"\n").json == "\"a\\\"\\n\"")
    }

    @Test
    func `a request without an id is a notification, and params are not modified`() {
        let params = ByteBuffer(string: "{\"x\": [1,  2]}")
        #expect(
            message("{\"method\":\"m\",\"params\":{\"x\": [1,  2]},\"jsonrpc\":\"2.0\"}")
                == .single(.notification(method: "m", params: params)))
    }

    @Test
    func `an invalid request is reported with the reason, and with its id if it can be read`() {
        func isInvalid(_ text: String, id: RPCID) -> Bool {
            if case .single(.invalid(let found, _)) = message(text) { found == id } else { false }
        }
        #expect(isInvalid("1", id: .null))
        #expect(isInvalid("{}", id: .null))
        #expect(isInvalid("{\"jsonrpc\":\"1.0\",\"id\":3,\"method\":\"m\"}", id: .number("3")))
        #expect(isInvalid("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":1}", id: .number("3")))
        #expect(isInvalid("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"m\",\"params\":1}", id: .number("3")))
        #expect(isInvalid("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", id: .null))
        #expect(isInvalid("{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":null}", id: .number("3")))
    }

    @Test
    func `a null result or error is ignored if the other is present; a byte order mark is skipped`() {
        let failure = Message.single(.failure(id: .number("3"), error: ByteBuffer(string: "{}")))
        #expect(message("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":null,\"error\":{}}") == failure)
        #expect(message("\u{FEFF}{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{}}") == failure)
        let result = Message.single(.result(id: .number("3"), value: ByteBuffer(string: "{}")))
        #expect(message("{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{},\"error\":null}") == result)
    }

    @Test
    func `a line that is not JSON or not UTF-8 is malformed`() {
        func isMalformed(_ buffer: ByteBuffer) -> Bool {
            if case .malformed = Message(buffer) { true } else { false }
        }
        #expect(isMalformed(ByteBuffer(string: "{\"jsonrpc\"")))
        #expect(isMalformed(ByteBuffer(bytes: Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8))))
        #expect(message("[]") == .emptyBatch)
    }

    @Test
    func `deadline and progress are read from params and added to them`() throws {
        let read = try CallControls(params: ByteBuffer(string: "{\"deadline_ms\": 1500, \"progress\":false}"))
        #expect(read.deadline == 1500)
        #expect(!read.wantsProgress)
        #expect(throws: ServiceError.self) {
            try CallControls(params: ByteBuffer(string: "{\"deadline_ms\":\"soon\"}"))
        }
        func line(_ params: String) -> String {
            let members = CallControls.members(deadline: 5, wantsProgress: false)
            return String(buffer: Wire.notification(method: "m", params: params.utf8, adding: members))
        }
        let start = #"{"jsonrpc":"2.0","method":"m","params":"#
        #expect(line("{}") == start + "{\"deadline_ms\":5,\"progress\":false}}\n")
        #expect(line("{ }") == start + "{ \"deadline_ms\":5,\"progress\":false}}\n")
        #expect(line("{\"a\":1}") == start + "{\"a\":1,\"deadline_ms\":5,\"progress\":false}}\n")
        #expect(line("[]") == start + "[]}\n")
    }
}
