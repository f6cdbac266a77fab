// SPDX-License-Identifier: Apache-2.0

import JSON
import StandIns

extension StandIn {
    /// The media type and the text of an object in the bucket `films`, read by boto3; `nothing` if it does not exist.
    func storedObject(_ key: String) throws -> String {
        do {
            let found = try send([
                "service": "s3", "call": "get_object", "args": ["Bucket": "films", "Key": .string(key)],
            ])
            return "\(found["ContentType"]?.string ?? "") \(found["Body"]?.string ?? "")"
        } catch let error as Failure where error.description.contains("NoSuchKey") {
            return "nothing"
        }
    }
}
