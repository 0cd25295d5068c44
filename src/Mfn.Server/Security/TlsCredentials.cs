using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;

namespace Mfn.Server.Security;

/// <summary>What https listeners show to clients, and whom they trust.</summary>
internal sealed class TlsCredentials
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LeastRsaBits = 2048;

    // Long enough to renew a certificate in working hours.
    private static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private static readonly string[] WeakSignatures = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

    private readonly ServerSettings _settings;
    private readonly DateTimeOffset _now;

    private TlsCredentials(ServerSettings settings, DateTimeOffset now)
    {
        _settings = settings;
        _now = now;
    }

    /// <summary>The server's certificate with its key; null without https listeners.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <summary>The certificates that the server's file has, of intermediate authorities too.</summary>
    public X509Certificate2Collection Chain { get; } = [];

    /// <summary>The authorities of client certificates; null if clients need none.</summary>
    public X509Certificate2Collection? Authorities { get; private set; }

    /// <summary>Whether clients without a certificate are turned away.</summary>
    public bool RequiresClientCertificate { get; private set; }

    /// <summary>What works, but will not for long, or not yet.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads the files that the settings name, and notes among the settings' problems what is wrong with them.</summary>
    /// <param name="settings">The settings; addresses are looked at too, for what would not be as safe as it looks.</param>
    /// <param name="defaultUrl">Where the server listens if the settings do not say.</param>
    /// <param name="clock">Tells which certificates are valid.</param>
    public static TlsCredentials Load(ServerSettings settings, string defaultUrl, TimeProvider clock)
    {
        var credentials = new TlsCredentials(settings, clock.GetUtcNow());
        credentials.LoadCertificate();
        credentials.LoadAuthorities();
        credentials.RequiresClientCertificate = !bool.TryParse(settings.Find(Name(nameof(TlsOptions.RequireClientCertificate))), out var isRequired) || isRequired;
        credentials.CheckAddresses(settings.Find(Settings.Urls) ?? defaultUrl, isDefault: settings.Find(Settings.Urls) is null);
        return credentials;
    }

    private static string Name(string property) => $"{TlsOptions.Section}:{property}";

    private const string Proxies = $"{ProxyOptions.Section}:{nameof(ProxyOptions.Addresses)}";

    private static string CertificateFile => Name(nameof(TlsOptions.CertificateFile));

    private static string KeyFile => Name(nameof(TlsOptions.KeyFile));

    private static string AuthorityFile => Name(nameof(TlsOptions.ClientAuthorityFile));

    private void LoadCertificate()
    {
        var certificates = ReadCertificates(CertificateFile, out var certificatePem);
        var keyPem = ReadText(KeyFile);
        if (IsGiven(CertificateFile) != IsGiven(KeyFile))
        {
            Add($"{_settings.NameOf(CertificateFile)} and {_settings.NameOf(KeyFile)} must be set together.");
        }

        if (keyPem is not null && !HasPlainKey(keyPem))
        {
            keyPem = null;
        }

        if (certificates is null)
        {
            return;
        }

        Chain.AddRange(certificates);
        CheckServer(certificates[0]);
        if (keyPem is not null)
        {
            Certificate = WithKey(certificatePem, keyPem, certificates);
        }
    }

    private X509Certificate2? WithKey(string certificatePem, string keyPem, X509Certificate2Collection certificates)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            var file = _settings.Find(CertificateFile);
            Add(certificates.Skip(1).Any(other => Fits(other, keyPem))
                ? $"{_settings.NameOf(KeyFile)} '{_settings.Find(KeyFile)}' is the key of a certificate that is not the first of '{file}': put the server's before those of authorities."
                : $"{_settings.NameOf(KeyFile)} must be the key of the certificate in '{file}', but '{_settings.Find(KeyFile)}' is not, or is damaged.");
            return null;
        }
    }

    private static bool Fits(X509Certificate2 certificate, string keyPem)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keyPem);
            return true;
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private bool HasPlainKey(string pem)
    {
        var (name, file) = (_settings.NameOf(KeyFile), _settings.Find(KeyFile));
        if (pem.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal) || pem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            Add($"{name} must be a key without a password, which nobody could enter, but '{file}' has one: openssl pkey -in '{file}' -out PLAIN.key");
            return false;
        }

        if (!pem.Contains(" PRIVATE KEY-----", StringComparison.Ordinal) && !pem.Contains("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal))
        {
            Add($"{name} must be a PEM file with a private key, but there is none in '{file}'.");
            return false;
        }

        return true;
    }

    private void CheckServer(X509Certificate2 certificate)
    {
        var (name, file) = (_settings.NameOf(CertificateFile), _settings.Find(CertificateFile));
        if (certificate.NotAfter.ToUniversalTime() <= _now)
        {
            Add($"{name} must be a certificate that is valid, but that in '{file}' expired at {Tell(certificate.NotAfter)}.");
        }
        else if (certificate.NotAfter.ToUniversalTime() <= _now + Notice)
        {
            Warnings.Add($"The certificate in '{file}' ({CertificateFile}) expires at {Tell(certificate.NotAfter)}");
        }

        if (certificate.NotBefore.ToUniversalTime() > _now)
        {
            // It may be the clock that is wrong, and will not be for long.
            Warnings.Add($"The certificate in '{file}' ({CertificateFile}) is not valid before {Tell(certificate.NotBefore)}: clients will refuse it until then");
        }

        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToArray();
        if (usages.Length > 0 && !usages.Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(each => each.Value == ServerAuthentication)))
        {
            Add($"{name} must be a certificate for servers, but that in '{file}' has other purposes alone.");
        }

        using var rsa = certificate.GetRSAPublicKey();
        if (rsa?.KeySize < LeastRsaBits)
        {
            Add($"{name} must be a certificate whose RSA key has at least {LeastRsaBits} bits, but that in '{file}' has {rsa.KeySize}.");
        }

        if (certificate.Subject != certificate.Issuer && WeakSignatures.Contains(certificate.SignatureAlgorithm.Value))
        {
            Add($"{name} must be a certificate that is signed with SHA-256 or better, but that in '{file}' is signed with {certificate.SignatureAlgorithm.FriendlyName}.");
        }
    }

    private void LoadAuthorities()
    {
        if (ReadCertificates(AuthorityFile, out _) is not { } authorities)
        {
            return;
        }

        Authorities = authorities;
        var file = _settings.Find(AuthorityFile);
        var roots = authorities.Where(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData)).ToArray();
        if (roots.Length == 0)
        {
            Add($"{_settings.NameOf(AuthorityFile)} must have the authority that client certificates go back to, but '{file}' has none that signed itself: no client could be trusted.");
            return;
        }

        var expired = roots.Where(authority => authority.NotAfter.ToUniversalTime() <= _now).ToArray();
        if (expired.Length == roots.Length)
        {
            Add($"{_settings.NameOf(AuthorityFile)} must have an authority that is valid, but every one in '{file}' has expired, the last at {Tell(expired.Max(authority => authority.NotAfter))}.");
            return;
        }

        Warnings.AddRange(expired.Select(authority => $"An authority in '{file}' ({AuthorityFile}), {authority.Subject}, expired at {Tell(authority.NotAfter)}: its clients are refused"));
    }

    private void CheckAddresses(string urls, bool isDefault)
    {
        var hasCertificate = IsGiven(CertificateFile);
        if (IsGiven(AuthorityFile) && !hasCertificate)
        {
            Add($"{_settings.NameOf(AuthorityFile)} needs {CertificateFile} and {KeyFile}.");
        }

        var problemCount = _settings.Problems.Count;
        var addresses = ListenAddresses.Read(urls, _settings.NameOf(Settings.Urls), _settings.Problems);
        if (_settings.Problems.Count > problemCount)
        {
            return;
        }

        var by = isDefault ? $"{urls} (the default)" : string.Join(" and ", addresses.Where(address => !ListenAddresses.IsEncrypted(address)));
        if (!hasCertificate && addresses.FirstOrDefault(ListenAddresses.IsEncrypted) is { } encrypted)
        {
            Add($"{_settings.NameOf(Settings.Urls)} has {encrypted}, which needs {CertificateFile} and {KeyFile}.");
        }

        if (bool.TryParse(_settings.Find(Name(nameof(TlsOptions.Required))), out var isRequired) && isRequired && !IsGiven(Proxies)
            && addresses.Where(address => !ListenAddresses.IsEncrypted(address) && !address.IsUnixPipe).ToArray() is { Length: > 0 } plain)
        {
            Add($"{_settings.NameOf(Settings.Urls)} has {(isDefault ? by : string.Join(" and ", plain.AsEnumerable()))}, but {_settings.NameOf(Name(nameof(TlsOptions.Required)))} wants https:// addresses alone, or {Proxies}, what ends TLS in front of the server.");
        }

        if (IsGiven(AuthorityFile) && !addresses.All(ListenAddresses.IsEncrypted))
        {
            Add($"{_settings.NameOf(AuthorityFile)} is for https:// addresses alone, but the server would also serve clients without any certificate at {by}: change that to https://, or leave it out.");
        }
        else if (hasCertificate && !addresses.Any(ListenAddresses.IsEncrypted))
        {
            Add($"{_settings.NameOf(CertificateFile)} is for https:// addresses, but the server would listen without encryption, and only at {by}: change that to https://.");
        }
    }

    // All certificates of a file, null if there is a reason why there are none.
    private X509Certificate2Collection? ReadCertificates(string setting, out string pem)
    {
        pem = ReadText(setting) ?? "";
        if (pem.Length == 0)
        {
            return null;
        }

        var (name, file) = (_settings.NameOf(setting), _settings.Find(setting));
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            Add($"{name} must be a PEM file with certificates, but one in '{file}' is damaged.");
            return null;
        }

        if (certificates.Count == 0)
        {
            Add($"{name} must be a PEM file with certificates, but there is none in '{file}'.");
            return null;
        }

        return certificates;
    }

    private string? ReadText(string setting)
    {
        if (_settings.Find(setting) is not { Length: > 0 } path)
        {
            return null;
        }

        if (_settings.ReadFile(setting, out var text) is { } problem)
        {
            Add($"{_settings.NameOf(setting)} {problem}");
            return null;
        }

        if (text.Length == 0)
        {
            Add($"{_settings.NameOf(setting)} must be a PEM file, but '{path}' is empty.");
            return null;
        }

        return text;
    }

    // An empty one is told as such already.
    private bool IsGiven(string setting) => _settings.Find(setting) is { Length: > 0 };

    private void Add(string problem) => _settings.Problems.Add(problem);

    private static string Tell(DateTime moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
}
