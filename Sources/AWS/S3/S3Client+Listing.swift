// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP

extension S3Client {
    /// Lists the keys directly below a prefix, in S3's byte order.
    ///
    /// - Parameters:
    ///   - folder: its key is the prefix, with or without a trailing slash.
    ///   - pageSize: keys per request, at most 1000.
    /// - Throws: `not_found` if the bucket does not exist; `unavailable` if the endpoint truncates the list and does not continue it.
    ///   An incomplete list is never returned.
    package func list(_ folder: S3Location, pageSize: Int = 1000) async throws -> [String] {
        let prefix = folder.key.isEmpty || folder.key.hasSuffix("/") ? folder.key : "\(folder.key)/"
        let bucket = try S3Location(bucket: folder.bucket, key: "")
        var pagination = ListPagination(prefix: prefix, pageSize: pageSize, name: folder.description)
        repeat {
            var request = AWSRequest("GET", bucket)
            request.query = [
                (name: "list-type", value: "2"), (name: "prefix", value: prefix), (name: "delimiter", value: "/"),
                (name: "encoding-type", value: "url"), (name: "max-keys", value: String(pageSize)),
            ]
            if let nextPage = pagination.nextPage { request.query.append(nextPage) }
            let response = try await client.send(request)
            guard let result = XMLElement(document: response.body), result.name == "ListBucketResult" else {
                throw AWSError(.unavailable, "\(folder): unexpected response to a list request; check the S3 endpoint")
            }
            try pagination.addPage(result)
        } while pagination.nextPage != nil
        return pagination.keys
    }
}
