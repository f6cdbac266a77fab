// SPDX-License-Identifier: Apache-2.0

/// The names of the providers whose stills are free, as used in work and stored events.
enum StillProvider {
    /// The provider of locally drawn cards.
    static let card = "card"
    /// The provider name of images supplied by the user.
    static let userImage = "given"
}
