// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing

@Suite(.timeLimit(.minutes(1))) struct SecretTests {
    @Test
    func `a secret is redacted in interpolation, reflection and dumps`() {
        struct Holder { var key = Secret("sk-1") }
        let secret = Secret("sk-1")
        #expect("\(secret)" == "***")
        #expect(String(reflecting: secret) == "***")
        #expect(!"\(Holder())".contains("sk-1"))
        var dumped = ""
        dump(Holder(), to: &dumped)
        #expect(!dumped.contains("sk-1"))
        #expect(secret.reveal() == "sk-1")
        #expect(secret == Secret("sk-1") && secret != Secret("sk-2"))
    }
}
