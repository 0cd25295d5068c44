namespace Mfn.Server.Configuration;

/// <summary>Who the clients with certificates are.</summary>
internal sealed class CertificateOptions
{
    public const string Section = "Auth:Certificates";

    /// <summary>The file that maps certificates to identities; without one every client of the authorities is an admin of the default tenant.</summary>
    public string? File { get; set; }

    /// <summary>The PEM file with lists of revoked certificates (CRL).</summary>
    public string? RevocationFile { get; set; }
}
