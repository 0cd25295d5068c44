namespace Mfn.Server.Configuration;

/// <summary>The AWS Secrets Manager that settings refer to with aws:.</summary>
internal sealed class AwsOptions
{
    public const string Section = "Aws";

    [Setting("the region of secrets that `aws:` names without one ([secrets](secrets.md#aws-secrets-manager))", Default = "that of the variable `AWS_REGION` or `AWS_DEFAULT_REGION`")]
    public string? Region { get; set; }

    [Setting("another address of Secrets Manager than that of the region, such as a VPC endpoint's; `https://`, or `http://` of this machine", Values = "URL")]
    public string? Endpoint { get; set; }

    [Setting("the profile of the shared files of AWS whose credentials are used", Default = "what AWS's default chain of credentials finds")]
    public string? Profile { get; set; }

    [Setting("the shared file of AWS that has it", Default = "that of the variable `AWS_SHARED_CREDENTIALS_FILE`, or of the home folder")]
    public string? ProfilesFile { get; set; }
}
