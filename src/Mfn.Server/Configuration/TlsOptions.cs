namespace Mfn.Server.Configuration;

/// <summary>The certificates of https listeners; all files are PEM.</summary>
internal sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>The server's certificate, with intermediates if there are any.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The private key of the certificate.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The authorities that client certificates must chain to. Set, every client must present one, unless RequireClientCertificate is false.</summary>
    public string? ClientAuthorityFile { get; set; }

    /// <summary>Whether clients without a certificate are turned away in the handshake; if not, they must show otherwise who they are.</summary>
    public bool RequireClientCertificate { get; set; } = true;
}
