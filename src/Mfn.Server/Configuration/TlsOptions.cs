namespace Mfn.Server.Configuration;

/// <summary>The certificates of https listeners; all files are PEM.</summary>
internal sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>The server's certificate, with intermediates if there are any.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The private key of the certificate.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The authorities that client certificates must chain to. Set, every client must present one.</summary>
    public string? ClientAuthorityFile { get; set; }
}
