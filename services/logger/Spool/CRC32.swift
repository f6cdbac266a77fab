// SPDX-License-Identifier: Apache-2.0

import CZlib
import FoundationEssentials

/// The CRC-32 checksum of zip and Ethernet, computed by zlib.
enum CRC32 {
    /// The checksum of some bytes, as eight lowercase hexadecimal digits in UTF-8.
    static func digits(_ bytes: some ContiguousBytes) -> [UInt8] {
        let value = bytes.withUnsafeBytes { bytes in
            crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        let text = String(value, radix: 16)
        return Array((String(repeating: "0", count: max(0, 8 - text.utf8.count)) + text).utf8)
    }
}
