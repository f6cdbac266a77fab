import Secrets
import Testing

@Suite struct SecretTests {
    @Test("a secret shows itself to nobody who prints it, interpolates it or looks into it")
    func hidden() {
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
