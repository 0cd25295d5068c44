using Mfn.Server.Configuration;

namespace Mfn.Server.Security;

/// <summary>What https listeners show to clients, and whom they trust, when the server starts.</summary>
internal sealed class TlsCredentials
{
    private const string Proxies = $"{ProxyOptions.Section}:{nameof(ProxyOptions.Addresses)}";
    private const string CertificateSetting = $"{TlsOptions.Section}:{nameof(TlsOptions.CertificateFile)}";
    private const string KeySetting = $"{TlsOptions.Section}:{nameof(TlsOptions.KeyFile)}";
    private const string AuthoritySetting = $"{TlsOptions.Section}:{nameof(TlsOptions.ClientAuthorityFile)}";
    private const string Required = $"{TlsOptions.Section}:{nameof(TlsOptions.Required)}";
    private const string RequireClientCertificate = $"{TlsOptions.Section}:{nameof(TlsOptions.RequireClientCertificate)}";

    private readonly ServerSettings _settings;

    private TlsCredentials(ServerSettings settings) => _settings = settings;

    /// <summary>The file of the server's certificate; null without https listeners.</summary>
    public TlsFile? CertificateFile { get; private init; }

    /// <summary>The file of its key; null without https listeners.</summary>
    public TlsFile? KeyFile { get; private init; }

    /// <summary>The file of the authorities of client certificates; null if clients need none.</summary>
    public TlsFile? AuthorityFile { get; private init; }

    /// <summary>Whether clients without a certificate are turned away.</summary>
    public bool RequiresClientCertificate { get; private init; }

    /// <summary>What works, but will not for long, or not yet.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads the files that the settings name, and notes among the settings' problems what is wrong with them.</summary>
    /// <param name="settings">The settings; addresses are looked at too, for what would not be as safe as it looks.</param>
    /// <param name="defaultUrl">Where the server listens if the settings do not say.</param>
    /// <param name="clock">Tells which certificates are valid.</param>
    public static TlsCredentials Load(ServerSettings settings, string defaultUrl, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var credentials = new TlsCredentials(settings)
        {
            CertificateFile = TlsFile.Read(settings, CertificateSetting),
            KeyFile = TlsFile.Read(settings, KeySetting),
            AuthorityFile = TlsFile.Read(settings, AuthoritySetting),
            RequiresClientCertificate = !bool.TryParse(settings.Find(RequireClientCertificate), out var isRequired) || isRequired,
        };
        if (credentials.IsGiven(CertificateSetting) != credentials.IsGiven(KeySetting))
        {
            credentials.Add($"{settings.NameOf(CertificateSetting)} and {settings.NameOf(KeySetting)} must be set together.");
        }

        ServerCertificate.Read(credentials.CertificateFile, credentials.KeyFile, now, settings.Problems, credentials.Warnings);
        if (credentials.AuthorityFile is { } authorities)
        {
            ClientAuthorities.Read(authorities, now, settings.Problems, credentials.Warnings);
        }

        if (credentials.IsGiven(AuthoritySetting) && !credentials.IsGiven(CertificateSetting))
        {
            credentials.Add($"{settings.NameOf(AuthoritySetting)} needs {CertificateSetting} and {KeySetting}.");
        }

        foreach (var (setting, urls) in ListenAddresses.OfCalls(settings, defaultUrl))
        {
            credentials.CheckAddresses(setting, urls);
        }

        return credentials;
    }

    private void CheckAddresses(string setting, string urls)
    {
        var hasCertificate = IsGiven(CertificateSetting);
        var isDefault = _settings.Find(setting) is null;
        var problemCount = _settings.Problems.Count;
        var addresses = ListenAddresses.Read(urls, _settings.NameOf(setting), _settings.Problems);
        if (_settings.Problems.Count > problemCount)
        {
            return;
        }

        var by = isDefault ? $"{urls} (the default)" : string.Join(" and ", addresses.Where(address => !ListenAddresses.IsEncrypted(address)));
        if (!hasCertificate && addresses.FirstOrDefault(ListenAddresses.IsEncrypted) is { } encrypted)
        {
            Add($"{_settings.NameOf(setting)} has {encrypted}, which needs {CertificateSetting} and {KeySetting}.");
        }

        if (bool.TryParse(_settings.Find(Required), out var isRequired) && isRequired && !IsGiven(Proxies)
            && addresses.Where(address => !ListenAddresses.IsEncrypted(address) && !address.IsUnixPipe).ToArray() is { Length: > 0 } plain)
        {
            Add($"{_settings.NameOf(setting)} has {(isDefault ? by : string.Join(" and ", plain.AsEnumerable()))}, but {_settings.NameOf(Required)} wants https:// addresses alone, or {Proxies}, what ends TLS in front of the server.");
        }

        if (IsGiven(AuthoritySetting) && !addresses.All(ListenAddresses.IsEncrypted))
        {
            Add($"{_settings.NameOf(AuthoritySetting)} is for https:// addresses alone, but the server would also serve clients without any certificate at {by}: change that to https://, or leave it out.");
        }
        else if (hasCertificate && !addresses.Any(ListenAddresses.IsEncrypted))
        {
            Add($"{_settings.NameOf(CertificateSetting)} is for https:// addresses, but the server would listen without encryption, and only at {by}: change that to https://.");
        }
    }

    // An empty one is told as such already.
    private bool IsGiven(string setting) => _settings.Find(setting) is { Length: > 0 };

    private void Add(string problem) => _settings.Problems.Add(problem);
}
