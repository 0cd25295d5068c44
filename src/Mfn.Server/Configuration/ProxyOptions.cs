namespace Mfn.Server.Configuration;

/// <summary>Proxies that end TLS, and tell of the certificates that they have checked.</summary>
internal sealed class ProxyOptions
{
    public const string Section = "Auth:Proxies";

    [Setting("addresses and networks, with commas between them, of the proxies that end TLS; `unix` for whoever can reach a Unix domain socket", IsLive = true)]
    public string? Addresses { get; set; }

    [Setting("the header in which they tell of their client's certificate; from others it is dropped, and counted in `mfn_identity_dropped_headers_total`")]
    public string? CertificateHeader { get; set; }
}
