namespace Mfn.Server.Configuration;

/// <summary>The certificates of https listeners; all files are PEM.</summary>
internal sealed class TlsOptions
{
    public const string Section = "Tls";

    [Setting("the certificate of https:// addresses, followed by those of intermediate authorities; the running server follows the file within five seconds ([rotation](security.md#rotation))", Values = "PEM file")]
    public string? CertificateFile { get; set; }

    [Setting("the key of that certificate, without a password; followed with it", Values = "PEM file")]
    public string? KeyFile { get; set; }

    [Setting("authorities of client certificates; set, every client must present one (mTLS) unless `Tls:RequireClientCertificate` is `false`, whose chain has RSA keys of 2048 bits or more, or elliptic curves of 256 or more, signed with SHA-2; every address must be https://. The running server follows the file within five seconds", Values = "PEM file")]
    public string? ClientAuthorityFile { get; set; }

    [Setting("whether every address must be encrypted (`https://`), but for Unix domain sockets, and for all if `Auth:Proxies:Addresses` names what ends TLS in front of the server")]
    public bool Required { get; set; }

    [Setting("whether clients without a certificate are turned away in the handshake. If not, they need another credential; a bad certificate is turned away all the same")]
    public bool RequireClientCertificate { get; set; } = true;
}
