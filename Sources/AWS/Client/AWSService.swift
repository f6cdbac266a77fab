/// A service of AWS that this project speaks to.
package enum AWSService: String, Sendable, CaseIterable {
    case s3, mediaConvert, logs, iam, sts

    /// As the variables that move its endpoint end: `AWS_ENDPOINT_URL_<this>`.
    package var variable: String {
        switch self {
        case .s3: "S3"
        case .mediaConvert: "MEDIACONVERT"
        case .logs: "CLOUDWATCH_LOGS"
        case .iam: "IAM"
        case .sts: "STS"
        }
    }

    /// As signatures name it, and the first part of its host.
    package var signingName: String { self == .mediaConvert ? "mediaconvert" : rawValue }

    /// How errors call it.
    package var title: String {
        switch self {
        case .s3: "S3"
        case .mediaConvert: "MediaConvert"
        case .logs: "CloudWatch Logs"
        case .iam: "IAM"
        case .sts: "STS"
        }
    }

    /// The place of STS that is in no region.
    static let global = "aws-global"
    /// Regions whose requests went to `sts.amazonaws.com` before each region had an STS.
    static let regionsOfGlobalSTS: Set<String> = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ]

    /// IAM is the same in all regions of a partition, and signs with the partition's first.
    func signingRegion(_ region: String) -> String {
        if region == Self.global { return "us-east-1" }
        guard self == .iam else { return region }
        if region.hasPrefix("cn-") { return "cn-north-1" }
        return region.hasPrefix("us-gov-") ? "us-gov-west-1" : "us-east-1"
    }

    /// The host of AWS's own.
    func host(_ region: String) -> String {
        switch (self, region) {
        case (.iam, let region) where region.hasPrefix("cn-"): "iam.cn-north-1.amazonaws.com.cn"
        case (.iam, let region) where region.hasPrefix("us-gov-"): "iam.us-gov.amazonaws.com"
        case (.iam, _): "iam.amazonaws.com"
        case (_, Self.global): "\(signingName).amazonaws.com"
        case (_, let region) where region.hasPrefix("cn-"): "\(signingName).\(region).amazonaws.com.cn"
        default: "\(signingName).\(region).amazonaws.com"
        }
    }
}
