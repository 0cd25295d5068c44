using System.Reflection;

namespace Mfn.Server.Configuration;

/// <summary>Every setting that there is: what is not here is refused, whoever gives it.</summary>
internal static class Settings
{
    public const string Urls = "Urls";

    private const string UrlsMeaning =
        "where to listen; several with semicolons; port 0 takes a free one. `http://` is HTTP/2 without TLS (prior knowledge). A host is an IP address of the machine, " +
        "`localhost`, or `*` for all; `http://unix:/run/mfn.sock` is a Unix domain socket";

    // What can be said behind these: of what the level is.
    public static IReadOnlyList<string> Levels { get; } = ["Logging:LogLevel:", "Logging:Console:LogLevel:"];

    // Nothing logs under a name that begins otherwise, so that a level for it would have no effect.
    public static IReadOnlyList<string> Loggers { get; } = ["Default", "Mfn", "Microsoft", "Grpc", "System"];

    private static readonly (string Section, Type Options)[] Sections =
    [
        (LimitsOptions.Section, typeof(LimitsOptions)),
        (StreamingOptions.Section, typeof(StreamingOptions)),
        (RunsOptions.Section, typeof(RunsOptions)),
        (ShutdownOptions.Section, typeof(ShutdownOptions)),
        (ReflectionOptions.Section, typeof(ReflectionOptions)),
        (TlsOptions.Section, typeof(TlsOptions)),
        (AuthOptions.Section, typeof(AuthOptions)),
        (ApiKeyOptions.Section, typeof(ApiKeyOptions)),
        (JwtOptions.Section, typeof(JwtOptions)),
        (CertificateOptions.Section, typeof(CertificateOptions)),
        (ProxyOptions.Section, typeof(ProxyOptions)),
        (QuotaExceptionOptions.Section, typeof(QuotaExceptionOptions)),
        (IdentityQuotaOptions.Section, typeof(IdentityQuotaOptions)),
        (TenantQuotaOptions.Section, typeof(TenantQuotaOptions)),
        (AuditOptions.Section, typeof(AuditOptions)),
        (SecretOptions.Section, typeof(SecretOptions)),
        (VaultOptions.Section, typeof(VaultOptions)),
        (AwsOptions.Section, typeof(AwsOptions)),
        (MetricsOptions.Section, typeof(MetricsOptions)),
        (LogOptions.Section, typeof(LogOptions)),
        (TelemetryOptions.Section, typeof(TelemetryOptions)),
        (WebOptions.Section, typeof(WebOptions)),
    ];

    /// <summary>Every setting, but the levels of logging.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        Setting.Text(Urls, UrlsMeaning, MfnServer.DefaultUrl),
        .. from section in Sections
           from property in section.Options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
           where property.CanWrite
           select Setting.Of(section.Section, property),
    ];

    private static readonly Dictionary<string, Setting> ByName = All.ToDictionary(setting => setting.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The setting of this name, whatever its case; null if there is none.</summary>
    public static Setting? Find(string name)
    {
        if (ByName.TryGetValue(name, out var setting))
        {
            return setting;
        }

        return Levels.FirstOrDefault(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is { } level
            && name[level.Length..].Split('.')[0] is var given
            && Loggers.FirstOrDefault(known => known.Equals(given, StringComparison.OrdinalIgnoreCase)) is { } logger
            ? Setting.Level(level + logger + name[(level.Length + given.Length)..])
            : null;
    }

    /// <summary>Whether a setting is a level of logging.</summary>
    public static bool IsLevel(string name) => Levels.Any(level => name.StartsWith(level, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether settings can be in a section of this name.</summary>
    public static bool IsSection(string name) =>
        Levels.Concat(ByName.Keys).Any(known => known.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase));

    /// <summary>What somebody may have meant: the setting that has the same name in another section, or else the ones with the most similar names.</summary>
    public static IReadOnlyList<string> Nearest(string wrong)
    {
        var last = Last(wrong);
        var known = All.Select(setting => setting.Name).Concat(Loggers.Select(logger => $"{Levels[0]}{logger}")).ToArray();
        var elsewhere = known.Where(name => Last(name).Equals(last, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (elsewhere.Length > 0)
        {
            // What is in no section may be called almost the same.
            return [.. NearestName.Find(last, known.Where(name => Last(name) == name)), .. elsewhere];
        }

        var nearest = NearestName.Find(wrong, known);
        return nearest.Count > 0 ? nearest : [.. NearestName.Find(last, known.Select(Last)).SelectMany(end => known.Where(name => Last(name) == end))];
    }

    private static string Last(string name) => name.Split(':')[^1];
}
