using System.Net;
using Mfn.Server.Configuration;

namespace Mfn.Server.Identity;

/// <summary>By what callers show who they are, as the settings say, and whether they need to.</summary>
internal sealed class AccessRules
{
    private const string Anonymous = $"{AuthOptions.Section}:{nameof(AuthOptions.AllowAnonymous)}";
    private const string KeyFile = $"{ApiKeyOptions.Section}:{nameof(ApiKeyOptions.File)}";
    private const string Authorities = $"{TlsOptions.Section}:{nameof(TlsOptions.ClientAuthorityFile)}";

    private AccessRules()
    {
    }

    /// <summary>Whether any kind of credential is configured.</summary>
    public bool HasAuthentication { get; private init; }

    /// <summary>Whether callers without credentials are served.</summary>
    public bool AllowsAnonymous { get; private init; }

    /// <summary>What an operator should know of when the server starts.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads the settings, and notes among their problems what would let strangers in, or nobody.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="defaultUrl">Where the server listens if the settings do not say.</param>
    public static AccessRules Load(ServerSettings settings, string defaultUrl)
    {
        var allowsAnonymous = bool.TryParse(settings.Find(Anonymous), out var allowed) && allowed;
        var rules = new AccessRules
        {
            HasAuthentication = settings.Find(KeyFile) is { Length: > 0 } || settings.Find(Authorities) is { Length: > 0 },

            // A certificate of the authorities is what callers must have shown already.
            AllowsAnonymous = allowsAnonymous || (settings.Find(Authorities) is { Length: > 0 } && settings.Find(KeyFile) is null),
        };
        if (settings.Find(KeyFile) is { Length: > 0 } file && ApiKeyStore.FindProblem(file) is { } problem)
        {
            settings.Problems.Add($"{settings.NameOf(KeyFile)} {problem}");
        }

        var exposed = Exposed(settings.Find(Settings.Urls) ?? defaultUrl);
        if (exposed.Length > 0 && !rules.HasAuthentication && !allowsAnonymous)
        {
            settings.Problems.Add(
                $"{settings.NameOf(Settings.Urls)} has {exposed}, where anybody who reaches the port could do everything: set {KeyFile} (mfn key create) or "
                + $"{Authorities}, so that callers must show who they are, or {Anonymous}=true, if they need not.");
        }

        if (allowsAnonymous)
        {
            rules.Warnings.Add($"Callers without credentials may do everything in the tenant {TenantName.Default} ({Anonymous}){(exposed.Length > 0 ? $", also at {exposed}" : "")}");
        }

        return rules;
    }

    /// <summary>The addresses that others than this machine may reach; empty if there are none. Those that are wrong are told elsewhere.</summary>
    private static string Exposed(string urls) => string.Join(" and ", ListenAddresses.Read(urls, "", []).Where(address => !IsLocal(address)));

    private static bool IsLocal(BindingAddress address) =>
        address.IsUnixPipe
        || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host));
}
