// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The stored format of a still's motion: `"still"`, `"ken_burns"`, or `{"from", "to", "ease"}`.
enum StoredMotion: Codable {
    case named(String)
    case path(Path)

    /// A camera path between two parts of the picture.
    struct Path: Codable {
        var from: Part
        var to: Part
        var ease: String?

        enum CodingKeys: String, CodingKey {
            case from, to, ease
        }
    }

    /// A rectangle in fractions of the picture's width and height.
    struct Part: Codable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double

        private enum CodingKeys: String, CodingKey {
            case x, y, width, height
        }

        init(_ part: PictureRectangle) {
            (x, y, width, height) = (part.x, part.y, part.width, part.height)
        }

        var value: PictureRectangle { PictureRectangle(x: x, y: y, width: width, height: height) }
    }

    /// - Throws: `EncodingError` for a value without a stored name.
    init(_ motion: Motion) throws {
        switch motion {
        case .still: self = .named("still")
        case .kenBurns: self = .named("ken_burns")
        case .path(let path):
            self = .path(
                Path(
                    from: Part(path.from), to: Part(path.to), ease: try path.ease.map(StoredNames.eases.name)))
        }
    }

    init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self = .named(name)
        } else {
            self = .path(try Path(from: decoder))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .named(let name):
            var container = encoder.singleValueContainer()
            try container.encode(name)
        case .path(let path): try path.encode(to: encoder)
        }
    }

    /// The stored motion.
    ///
    /// - Throws: `DecodingError` for an unknown name.
    func value() throws -> Motion {
        switch self {
        case .named("still"): return .still
        case .named("ken_burns"): return .kenBurns
        case .named:
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: "still, ken_burns, or {from, to, ease}"))
        case .path(let path):
            let ease = try path.ease.map { name in
                guard let ease = StoredNames.eases[name] else {
                    throw DecodingError.unknownName(at: Path.CodingKeys.ease, of: StoredNames.eases.all)
                }
                return ease
            }
            return .path(CameraPath(from: path.from.value, to: path.to.value, ease: ease))
        }
    }
}
