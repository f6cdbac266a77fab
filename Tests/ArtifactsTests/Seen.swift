import JSON
import StandIns

extension StandIn {
    /// The media type and the text of an object of the bucket `films` as boto3 reads it, or `nothing`.
    func seen(_ key: String) throws -> String {
        do {
            let found = try ask([
                "service": "s3", "call": "get_object", "args": ["Bucket": "films", "Key": .string(key)],
            ])
            return "\(found["ContentType"]?.string ?? "") \(found["Body"]?.string ?? "")"
        } catch let error as Missing where error.description.contains("NoSuchKey") {
            return "nothing"
        }
    }
}
