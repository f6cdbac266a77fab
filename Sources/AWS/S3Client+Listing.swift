import FoundationEssentials
import HTTP

extension S3Client {
    /// The keys directly below a prefix, sorted as S3 sorts them: by their bytes.
    ///
    /// - Parameters:
    ///   - folder: its key is the prefix; a slash is added where it has none.
    ///   - page: keys for each request, at most 1000.
    /// - Throws: `not_found` for a bucket that does not exist.
    package func list(_ folder: S3Location, page: Int = 1000) async throws -> [String] {
        let prefix = folder.key.isEmpty || folder.key.hasSuffix("/") ? folder.key : "\(folder.key)/"
        let bucket = try S3Location(bucket: folder.bucket, key: "")
        var keys: [String] = []
        var token: String?
        repeat {
            var request = AWSRequest("GET", bucket)
            request.query = [
                (name: "list-type", value: "2"), (name: "prefix", value: prefix), (name: "delimiter", value: "/"),
                (name: "encoding-type", value: "url"), (name: "max-keys", value: String(page)),
            ]
            if let token { request.query.append((name: "continuation-token", value: token)) }
            let response = try await client.send(request)
            guard let result = XMLElement(document: response.body), result.name == "ListBucketResult" else {
                throw AWSError(.unavailable, "\(folder): the endpoint's answer is no list of S3")
            }
            for entry in result.all("Contents") {
                guard let key = entry["Key"].flatMap({ PercentEncoding.decode($0.text) }) else { continue }
                // The folder itself, where somebody made one.
                if key != prefix { keys.append(key) }
            }
            let next = result["IsTruncated"]?.text == "true" ? result["NextContinuationToken"]?.text : nil
            // A server that gives the same page again would never end.
            token = next == token ? nil : next
        } while token != nil
        return keys
    }
}
