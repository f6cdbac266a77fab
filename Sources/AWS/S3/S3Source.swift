// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The bytes to upload as an object.
package enum S3Source: Sendable {
    /// Bytes in memory.
    case bytes(Data)
    /// The file at a path.
    case file(String)
}
