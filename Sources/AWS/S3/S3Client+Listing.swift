import Faults
import FoundationEssentials
import HTTP

extension S3Client {
    /// The keys directly below a prefix, sorted as S3 sorts them: by their bytes.
    ///
    /// - Parameters:
    ///   - folder: its key is the prefix; a slash is added where it has none.
    ///   - page: keys for each request, at most 1000.
    /// - Throws: `not_found` for a bucket that does not exist; `unavailable` where the endpoint cuts the list and does not continue
    ///   it: a list is never silently short.
    package func list(_ folder: S3Location, page: Int = 1000) async throws -> [String] {
        let prefix = folder.key.isEmpty || folder.key.hasSuffix("/") ? folder.key : "\(folder.key)/"
        let bucket = try S3Location(bucket: folder.bucket, key: "")
        var walk = ListWalk(prefix: prefix, page: page, name: folder.description)
        repeat {
            var request = AWSRequest("GET", bucket)
            request.query = [
                (name: "list-type", value: "2"), (name: "prefix", value: prefix), (name: "delimiter", value: "/"),
                (name: "encoding-type", value: "url"), (name: "max-keys", value: String(page)),
            ]
            if let next = walk.next { request.query.append(next) }
            let response = try await client.send(request)
            guard let result = XMLElement(document: response.body), result.name == "ListBucketResult" else {
                throw AWSError(.unavailable, "\(folder): the endpoint's answer is not a list of S3")
            }
            try walk.take(result)
        } while walk.next != nil
        return walk.keys
    }
}
