namespace Mfn.Server.Configuration;

/// <summary>Proxies that end TLS, and tell of the certificates that they have checked.</summary>
internal sealed class ProxyOptions
{
    public const string Section = "Auth:Proxies";

    /// <summary>The addresses and networks of the proxies, with commas between them; <c>unix</c> for whoever can reach a Unix domain socket.</summary>
    public string? Addresses { get; set; }

    /// <summary>The header with the certificate.</summary>
    public string? CertificateHeader { get; set; }
}
