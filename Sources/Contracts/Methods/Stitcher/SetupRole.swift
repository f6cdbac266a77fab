// SPDX-License-Identifier: Apache-2.0

/// The parameters of `stitcher.setup_role`.
package struct SetupRole: Codable, Sendable {
    /// The name of the role if the call names none.
    package static let defaultName = "MediaConvertJobRole"

    /// The name of the role; `defaultName` if absent.
    package var roleName: String?
    /// The bucket that the role may read and write.
    package var bucket: String

    /// Creates a request.
    package init(roleName: String? = nil, bucket: String) {
        self.roleName = roleName
        self.bucket = bucket
    }

    private enum CodingKeys: String, CodingKey {
        case bucket
        case roleName = "role_name"
    }
}

/// The result of `stitcher.setup_role`.
package struct SetupRoleResult: Codable, Sendable {
    /// The ARN of the role.
    package var roleARN: String
    /// Whether this call created the role; `created` on the wire.
    package var isNew: Bool
    /// The names of the role's policies.
    package var policies: [String]

    /// Creates a result.
    package init(roleARN: String, isNew: Bool, policies: [String]) {
        self.roleARN = roleARN
        self.isNew = isNew
        self.policies = policies
    }

    private enum CodingKeys: String, CodingKey {
        case policies
        case isNew = "created"
        case roleARN = "role_arn"
    }
}
