using Microsoft.Extensions.Options;

namespace Mfn.Server.Security;

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

internal sealed class TlsOptionsValidator(IConfiguration configuration) : IValidateOptions<TlsOptions>
{
    public ValidateOptionsResult Validate(string? name, TlsOptions options)
    {
        var problems = new List<string>();
        CheckFile(nameof(TlsOptions.CertificateFile), options.CertificateFile);
        CheckFile(nameof(TlsOptions.KeyFile), options.KeyFile);
        CheckFile(nameof(TlsOptions.ClientAuthorityFile), options.ClientAuthorityFile);
        if (options.CertificateFile is null != options.KeyFile is null)
        {
            problems.Add($"{TlsOptions.Section}:{nameof(TlsOptions.CertificateFile)} and {TlsOptions.Section}:{nameof(TlsOptions.KeyFile)} must be set together.");
        }

        if (options.CertificateFile is null && configuration["urls"]?.Contains("https://", StringComparison.OrdinalIgnoreCase) == true)
        {
            problems.Add($"Urls has an https:// address, which needs {TlsOptions.Section}:{nameof(TlsOptions.CertificateFile)}.");
        }

        if (options.ClientAuthorityFile is not null && options.CertificateFile is null)
        {
            problems.Add($"{TlsOptions.Section}:{nameof(TlsOptions.ClientAuthorityFile)} needs {TlsOptions.Section}:{nameof(TlsOptions.CertificateFile)}.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void CheckFile(string setting, string? path)
        {
            if (path is not null && !File.Exists(path))
            {
                problems.Add($"{TlsOptions.Section}:{setting} must be an existing file, but was '{path}'.");
            }
        }
    }
}
