namespace Mfn.Server.Configuration;

/// <summary>Who the clients with certificates are.</summary>
internal sealed class CertificateOptions
{
    public const string Section = "Auth:Certificates";

    [Setting("whose certificates are whose ([security](security.md#client-certificates)). Without it every client of the authorities is an admin of the tenant `default`", Values = "JSON file")]
    public string? File { get; set; }

    [Setting("lists of revoked certificates (CRL); the running server follows the file within five seconds", Values = "PEM file")]
    public string? RevocationFile { get; set; }
}
