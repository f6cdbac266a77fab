// SPDX-License-Identifier: Apache-2.0

/// The AWS services that this project uses.
package enum AWSService: String, Sendable, CaseIterable {
    case s3, mediaConvert, logs, iam, sts

    /// The suffix of the variable that overrides the service's endpoint, `AWS_ENDPOINT_URL_<suffix>`.
    package var variableSuffix: String {
        switch self {
        case .s3: "S3"
        case .mediaConvert: "MEDIACONVERT"
        case .logs: "CLOUDWATCH_LOGS"
        case .iam: "IAM"
        case .sts: "STS"
        }
    }

    /// The service's name in signatures; also the first label of its host name.
    package var signingName: String { self == .mediaConvert ? "mediaconvert" : rawValue }

    /// The service's name in messages.
    package var displayName: String {
        switch self {
        case .s3: "S3"
        case .mediaConvert: "MediaConvert"
        case .logs: "CloudWatch Logs"
        case .iam: "IAM"
        case .sts: "STS"
        }
    }

    /// The pseudo-region of the global STS endpoint, `sts.amazonaws.com`.
    static let globalRegion = "aws-global"
    /// Regions that use the global STS endpoint in the `legacy` mode of AWS's SDKs.
    static let globalSTSRegions: Set<String> = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ]

    /// The region in signatures. IAM is global within a partition and uses the partition's default region.
    func signingRegion(_ region: String) -> String {
        if region == Self.globalRegion { return "us-east-1" }
        guard self == .iam else { return region }
        if region.hasPrefix("cn-") { return "cn-north-1" }
        return region.hasPrefix("us-gov-") ? "us-gov-west-1" : "us-east-1"
    }

    /// The host name of AWS's own endpoint.
    func host(_ region: String) -> String {
        switch (self, region) {
        case (.iam, let region) where region.hasPrefix("cn-"): "iam.cn-north-1.amazonaws.com.cn"
        case (.iam, let region) where region.hasPrefix("us-gov-"): "iam.us-gov.amazonaws.com"
        case (.iam, _): "iam.amazonaws.com"
        case (_, Self.globalRegion): "\(signingName).amazonaws.com"
        case (_, let region) where region.hasPrefix("cn-"): "\(signingName).\(region).amazonaws.com.cn"
        default: "\(signingName).\(region).amazonaws.com"
        }
    }
}
