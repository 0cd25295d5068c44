using System.Net;
using Mfn.Server.Configuration;

namespace Mfn.Server.Identity;

/// <summary>By what callers show who they are, as the settings say, and whether they need to.</summary>
internal sealed class AccessRules
{
    private const string Anonymous = $"{AuthOptions.Section}:{nameof(AuthOptions.AllowAnonymous)}";
    private const string Required = $"{AuthOptions.Section}:{nameof(AuthOptions.Required)}";
    private const string KeyFile = $"{ApiKeyOptions.Section}:{nameof(ApiKeyOptions.File)}";
    private const string Authorities = $"{TlsOptions.Section}:{nameof(TlsOptions.ClientAuthorityFile)}";
    private const string Authority = $"{JwtOptions.Section}:{nameof(JwtOptions.Authority)}";
    private const string KeySetUrl = $"{JwtOptions.Section}:{nameof(JwtOptions.KeySetUrl)}";
    private const string KeySetFile = $"{JwtOptions.Section}:{nameof(JwtOptions.KeySetFile)}";
    private const string Issuer = $"{JwtOptions.Section}:{nameof(JwtOptions.Issuer)}";
    private const string Audience = $"{JwtOptions.Section}:{nameof(JwtOptions.Audience)}";
    private const string Algorithms = $"{JwtOptions.Section}:{nameof(JwtOptions.Algorithms)}";
    private const string IdentityFile = $"{CertificateOptions.Section}:{nameof(CertificateOptions.File)}";
    private const string RevocationFile = $"{CertificateOptions.Section}:{nameof(CertificateOptions.RevocationFile)}";
    private const string Proxies = $"{ProxyOptions.Section}:{nameof(ProxyOptions.Addresses)}";
    private const string Header = $"{ProxyOptions.Section}:{nameof(ProxyOptions.CertificateHeader)}";

    private static readonly string[] KeySources = [Authority, KeySetUrl, KeySetFile];

    // Neither a secret that both sides have, which whoever checks could sign with, nor none.
    private static readonly string[] KnownAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    // What a call has for other purposes.
    private static readonly string[] TakenHeaders = ["authorization", "x-api-key", "content-type", "te", "host", "cookie", "forwarded", "x-forwarded-for"];

    private readonly ServerSettings _settings;

    private AccessRules(ServerSettings settings) => _settings = settings;

    /// <summary>Whether any kind of credential is configured.</summary>
    public bool HasAuthentication { get; private set; }

    /// <summary>Whether tokens (JWT) are taken.</summary>
    public bool HasTokens { get; private set; }

    /// <summary>Whether callers without credentials are served.</summary>
    public bool AllowsAnonymous { get; private set; }

    /// <summary>What an operator should know of when the server starts.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads the settings, and notes among their problems what would let strangers in, or nobody.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="defaultUrl">Where the server listens if the settings do not say.</param>
    public static AccessRules Load(ServerSettings settings, string defaultUrl)
    {
        var rules = new AccessRules(settings)
        {
            AllowsAnonymous = bool.TryParse(settings.Find(Anonymous), out var allowed) && allowed,
            HasTokens = KeySources.Any(source => settings.Find(source) is { Length: > 0 }),
        };
        rules.HasAuthentication = rules.HasTokens || rules.IsGiven(KeyFile) || rules.IsGiven(Authorities) || rules.IsGiven(Proxies);
        rules.CheckFiles();
        rules.CheckTokens();
        rules.CheckCertificates();
        rules.CheckAddresses(defaultUrl);
        return rules;
    }

    private void CheckFiles()
    {
        if (Find(KeyFile) is { } file && ApiKeyStore.FindProblem(file, _settings.Secrets) is { } problem)
        {
            Add(KeyFile, problem);
        }

        CheckFile(KeySetFile, text => TokenKeys.Read(text));
        CheckFile(IdentityFile, text => CertificateIdentities.Read(text));
        CheckFile(RevocationFile, text => RevocationLists.Read(text));
    }

    private void CheckFile(string setting, Action<string> read)
    {
        if (Find(setting) is not { } path)
        {
            return;
        }

        if (_settings.ReadFile(setting, out var text) is { } unread)
        {
            Add(setting, unread);
            return;
        }

        try
        {
            read(text);
        }
        catch (InvalidDataException error)
        {
            Add(setting, $"must be a file that can be used, but '{path}' {error.Message}");
        }
    }

    private void CheckTokens()
    {
        string[] sources = [.. KeySources.Where(IsGiven)];
        if (sources.Length > 1)
        {
            _settings.Problems.Add($"{string.Join(" and ", sources.Select(_settings.NameOf))} exclude one another.");
        }

        foreach (var setting in new[] { Issuer, Audience, Algorithms }.Where(setting => sources.Length == 0 && IsGiven(setting)))
        {
            Add(setting, $"needs one of {string.Join(", ", KeySources)}, by whose keys tokens are checked.");
        }

        foreach (var setting in new[] { Authority, KeySetUrl }.Where(setting => Find(setting) is { } url && !IsSafeUrl(url)))
        {
            Add(setting, $"must be a URL that begins with https://, or http:// of this machine, but {_settings.Was(setting)}.");
        }

        if (sources.Length > 0 && !IsGiven(Audience))
        {
            _settings.Problems.Add($"{_settings.NameOf(sources[0])} needs {Audience}: a token for somebody else must not be good here.");
        }

        if (sources.Length > 0 && sources[0] != Authority && !IsGiven(Issuer))
        {
            _settings.Problems.Add($"{_settings.NameOf(sources[0])} needs {Issuer}.");
        }

        if (Find(Algorithms) is { } words && words.Split(' ').Except(KnownAlgorithms).Any())
        {
            Add(Algorithms, $"must be some of {string.Join(", ", KnownAlgorithms)} with blanks between them, but {_settings.Was(Algorithms)}.");
        }
    }

    private void CheckCertificates()
    {
        foreach (var setting in new[] { IdentityFile, RevocationFile }.Where(setting => IsGiven(setting) && !IsGiven(Authorities) && !IsGiven(Proxies)))
        {
            Add(setting, $"needs {Authorities} or {Proxies}: nobody would show a certificate.");
        }

        if (IsGiven(Proxies) != IsGiven(Header))
        {
            _settings.Problems.Add($"{_settings.NameOf(Proxies)} and {_settings.NameOf(Header)} must be set together.");
        }

        if (Find(Proxies) is { } addresses && ((TrustedProxies.Read(addresses, out var trustsUnix, out var wrong).Count == 0 && !trustsUnix) || wrong is not null))
        {
            Add(Proxies, $"must be IP addresses, networks such as 10.0.0.0/8, or unix, with commas between them, but {_settings.Was(Proxies)}.");
        }

        if (Find(Header) is { } header && (TakenHeaders.Contains(header, StringComparer.OrdinalIgnoreCase) || !header.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')))
        {
            Add(Header, $"must be the name of a header such as x-forwarded-client-cert that has no other purpose, but {_settings.Was(Header)}.");
        }
    }

    private void CheckAddresses(string defaultUrl)
    {
        var all = new List<string>();
        foreach (var (setting, urls) in ListenAddresses.OfCalls(_settings, defaultUrl))
        {
            var here = ListenAddresses.Read(urls, "", []).Where(address => !IsLocal(address)).Select(address => address.ToString()).ToList();
            all.AddRange(here);
            if (here.Count > 0 && !HasAuthentication && !AllowsAnonymous)
            {
                _settings.Problems.Add(
                    $"{_settings.NameOf(setting)} has {string.Join(" and ", here)}, where anybody who reaches the port could do everything: set {KeyFile} (mfn key create), "
                    + $"{Authorities} or {Authority}, so that callers must show who they are, or {Anonymous}=true, if they need not.");
            }
        }

        var exposed = string.Join(" and ", all);

        if (bool.TryParse(_settings.Find(Required), out var isRequired) && isRequired)
        {
            if (AllowsAnonymous)
            {
                _settings.Problems.Add($"{_settings.NameOf(Anonymous)} contradicts {_settings.NameOf(Required)}.");
            }

            // Of an exposed address that is told already.
            if (!HasAuthentication && exposed.Length == 0)
            {
                _settings.Problems.Add($"{_settings.NameOf(Required)} needs {KeyFile} (mfn key create), {Authorities} or {Authority}, so that callers can show who they are.");
            }
        }

        if (AllowsAnonymous)
        {
            Warnings.Add($"Callers without credentials may do everything in the tenant {TenantName.Default} ({Anonymous}){(exposed.Length > 0 ? $", also at {exposed}" : "")}");
        }
    }

    private static bool IsSafeUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback));

    private static bool IsLocal(BindingAddress address) =>
        address.IsUnixPipe
        || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host));

    // An empty one is told as such already.
    private string? Find(string setting) => _settings.Find(setting) is { Length: > 0 } value ? value : null;

    private bool IsGiven(string setting) => Find(setting) is not null;

    private void Add(string setting, string problem) => _settings.Problems.Add($"{_settings.NameOf(setting)} {problem}");
}
