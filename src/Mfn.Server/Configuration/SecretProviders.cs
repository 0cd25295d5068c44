using System.Collections;
using System.Globalization;
using Mfn.Server.Secrets;

namespace Mfn.Server.Configuration;

/// <summary>The providers of secrets that the settings describe.</summary>
internal static class SecretProviders
{
    private const string Address = $"{VaultOptions.Section}:{nameof(VaultOptions.Address)}";
    private const string TokenFile = $"{VaultOptions.Section}:{nameof(VaultOptions.TokenFile)}";
    private const string KubernetesRole = $"{VaultOptions.Section}:{nameof(VaultOptions.KubernetesRole)}";
    private const string KubernetesTokenFile = $"{VaultOptions.Section}:{nameof(VaultOptions.KubernetesTokenFile)}";
    private const string KubernetesMount = $"{VaultOptions.Section}:{nameof(VaultOptions.KubernetesMount)}";
    private const string AppRoleId = $"{VaultOptions.Section}:{nameof(VaultOptions.AppRoleId)}";
    private const string AppRoleSecretId = $"{VaultOptions.Section}:{nameof(VaultOptions.AppRoleSecretId)}";
    private const string AppRoleMount = $"{VaultOptions.Section}:{nameof(VaultOptions.AppRoleMount)}";
    private const string Namespace = $"{VaultOptions.Section}:{nameof(VaultOptions.Namespace)}";
    private const string AuthorityFile = $"{VaultOptions.Section}:{nameof(VaultOptions.AuthorityFile)}";
    private const string Region = $"{AwsOptions.Section}:{nameof(AwsOptions.Region)}";
    private const string Endpoint = $"{AwsOptions.Section}:{nameof(AwsOptions.Endpoint)}";
    private const string Profile = $"{AwsOptions.Section}:{nameof(AwsOptions.Profile)}";
    private const string ProfilesFile = $"{AwsOptions.Section}:{nameof(AwsOptions.ProfilesFile)}";

    private const string Wrong = "must be a secret that can be read, but the settings that say where are wrong.";

    private static readonly string[] Sections = [SecretOptions.Section, VaultOptions.Section, AwsOptions.Section];

    /// <summary>Whether a setting says how to reach providers, so that it cannot be in them.</summary>
    public static bool Describes(string setting) => Sections.Contains(setting.Split(':')[0]);

    /// <summary>Makes a store.</summary>
    /// <param name="settings">The settings that describe it.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="problems">Gets what is wrong with several of them together, or with what they name.</param>
    public static SecretStore CreateStore(ServerSettings settings, IDictionary environment, List<string> problems) => new(
        [new FileSecrets(environment), new EnvironmentSecrets(environment), CreateVault(settings, problems), CreateAws(settings, environment, problems)],
        new SecretTimes(Time(settings, nameof(SecretOptions.RefreshInterval)), Time(settings, nameof(SecretOptions.Timeout))),
        TimeProvider.System);

    // One that is wrong is told as such elsewhere.
    private static TimeSpan Time(ServerSettings settings, string property)
    {
        var setting = Settings.Find($"{SecretOptions.Section}:{property}")!;
        return TimeSpan.Parse(settings.Find(setting.Name) is { } given && setting.Problem(given) is null ? given : setting.Default!, CultureInfo.InvariantCulture);
    }

    private static ISecretProvider CreateVault(ServerSettings settings, List<string> problems)
    {
        if (!settings.IsGiven(Address))
        {
            // An empty one is told as such elsewhere.
            foreach (var name in settings.Given.Where(name => name.StartsWith($"{VaultOptions.Section}:", StringComparison.Ordinal) && settings.Find(name) is { Length: > 0 }).ToArray())
            {
                problems.Add($"{settings.NameOf(name)} needs {Address}.");
            }

            return new MissingSecrets(SecretReference.Vault, $"must be a secret that can be read, but {Address} does not say where Vault is.");
        }

        if (settings.Find(Address) is not { Length: > 0 })
        {
            return new MissingSecrets(SecretReference.Vault, Wrong);
        }

        var problemCount = problems.Count;
        var address = ReadUrl(settings, Address, problems);
        string[] ways = [.. new[] { TokenFile, KubernetesRole, AppRoleId }.Where(settings.IsGiven)];
        if (ways.Length != 1)
        {
            problems.Add(ways.Length == 0
                ? $"{settings.NameOf(Address)} needs one of {TokenFile}, {KubernetesRole} and {AppRoleId}, which say who the server is there."
                : $"{string.Join(" and ", ways.Select(settings.NameOf))} exclude one another.");
        }

        if (settings.IsGiven(AppRoleId) != settings.IsGiven(AppRoleSecretId))
        {
            problems.Add($"{settings.NameOf(AppRoleId)} and {settings.NameOf(AppRoleSecretId)} must be set together.");
        }

        foreach (var file in new[] { TokenFile, AuthorityFile, KubernetesTokenFile }.Where(file => settings.IsGiven(file) || (file == KubernetesTokenFile && settings.IsGiven(KubernetesRole))))
        {
            if (settings.Secrets.Read(FileOf(settings, file), out _) is { } problem)
            {
                problems.Add($"{settings.NameOf(file)} {problem}");
            }
        }

        return problems.Count > problemCount || address is null ? new MissingSecrets(SecretReference.Vault, Wrong) : new VaultSecrets(Describe(settings, address, ways[0]), TimeProvider.System);
    }

    private static VaultAccess Describe(ServerSettings settings, Uri address, string way)
    {
        var machine = settings.Secrets;
        var (role, roleId, secretId) = (settings.Find(KubernetesRole) ?? "", settings.Find(AppRoleId) ?? "", settings.Find(AppRoleSecretId) ?? "");
        var kubernetesToken = FileOf(settings, KubernetesTokenFile);
        return new VaultAccess(address, Read)
        {
            Setting = way,
            TokenFile = way == TokenFile ? FileOf(settings, TokenFile) : null,
            LoginPath = way == KubernetesRole ? $"auth/{Mount(KubernetesMount)}/login" : $"auth/{Mount(AppRoleMount)}/login",
            Credentials = way == KubernetesRole
                ? () => new Dictionary<string, string> { ["role"] = role, ["jwt"] = Read(kubernetesToken).Trim() }
                : () => new Dictionary<string, string> { ["role_id"] = roleId, ["secret_id"] = secretId },
            Namespace = settings.Find(Namespace),
            AuthorityFile = settings.IsGiven(AuthorityFile) ? FileOf(settings, AuthorityFile) : null,
        };

        string Read(string file) => machine.Read(file, out var text) is { } problem ? throw new SecretUnavailableException($"must be a secret that can be read, but a file that {VaultOptions.Section}: names {problem}") : text;

        string Mount(string setting) => (settings.Find(setting) ?? Settings.Find(setting)!.Default!).Trim('/');
    }

    private static string FileOf(ServerSettings settings, string setting) => settings.Find(setting) ?? Settings.Find(setting)!.Default!;

    private static ISecretProvider CreateAws(ServerSettings settings, IDictionary environment, List<string> problems)
    {
        var endpoint = settings.IsGiven(Endpoint) ? ReadUrl(settings, Endpoint, problems) : null;
        if (settings.Find(ProfilesFile) is { Length: > 0 } && !settings.IsGiven(Profile))
        {
            problems.Add($"{settings.NameOf(ProfilesFile)} needs {Profile}.");
        }

        return settings.IsGiven(Endpoint) && endpoint is null
            ? new MissingSecrets(SecretReference.Aws, Wrong)
            : new AwsSecrets(new AwsAccess { Region = settings.Find(Region), Endpoint = endpoint, Profile = settings.Find(Profile), ProfilesFile = settings.Find(ProfilesFile) }, environment);
    }

    private static Uri? ReadUrl(ServerSettings settings, string setting, List<string> problems)
    {
        if (Uri.TryCreate(settings.Find(setting) ?? "", UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) && url.UserInfo.Length == 0)
        {
            return url;
        }

        // An empty one is told as such already, and so is one that could not be read.
        if (settings.Find(setting) is { Length: > 0 })
        {
            problems.Add($"{settings.NameOf(setting)} must be a URL that begins with https://, or http:// of this machine, without a name and a password, but {settings.Was(setting)}.");
        }

        return null;
    }
}
