using System.Text.Json;
using System.Text.Json.Serialization;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Texts;

namespace Mfn.Server.Quotas;

/// <summary>
/// The file with the quotas of certain identities and tenants: JSON with a format version and two lists. What an entry leaves out is as for everybody, and what is null
/// in it is not limited.
/// </summary>
internal sealed class QuotaExceptions
{
    private const int FormatVersion = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
    };

    private readonly Dictionary<(string Tenant, string Name), Entry> _identities = [];
    private readonly Dictionary<string, Entry> _tenants = [];

    /// <summary>Everybody has the same.</summary>
    public static QuotaExceptions None { get; } = new();

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message, a sentence without its subject, says what is wrong.</exception>
    public static QuotaExceptions Read(string text)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(text, Json) ?? throw new JsonException("it is null");
            if (content.FormatVersion != FormatVersion)
            {
                throw new InvalidDataException($"has format version {content.FormatVersion}, but this server reads {FormatVersion}.");
            }

            var exceptions = new QuotaExceptions();
            foreach (var (i, identity) in content.Identities.Index())
            {
                var tenant = identity.Tenant ?? TenantName.Default;
                Require(IdentityName.IsValid(identity.Name), $"identity {i}", $"must have a name of {IdentityName.Rule}");
                Require(TenantName.IsValid(tenant), $"identity {i}", $"must have a tenant of {TenantName.Rule}");
                Require(exceptions._identities.TryAdd((tenant, identity.Name), identity), $"identity {i}", $"must be there once, but {identity.Name} of the tenant {tenant} is there twice");
                Check<IdentityQuotaOptions>(identity, $"identity {i}");
            }

            foreach (var (i, tenant) in content.Tenants.Index())
            {
                Require(TenantName.IsValid(tenant.Name), $"tenant {i}", $"must have a name of {TenantName.Rule}");
                Require(tenant.Tenant is null, $"tenant {i}", "must have its name in name, and no tenant");
                Require(exceptions._tenants.TryAdd(tenant.Name, tenant), $"tenant {i}", $"must be there once, but {tenant.Name} is there twice");
                Check<TenantQuotaOptions>(tenant, $"tenant {i}");
            }

            return exceptions;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"is no file of quotas: {JsonFault.Tell(error)}", error);
        }
    }

    /// <summary>The quotas of an identity.</summary>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="name">Its name.</param>
    /// <param name="others">Those of everybody else.</param>
    public QuotaLimits OfIdentity(string tenant, string name, QuotaLimits others) =>
        _identities.TryGetValue((tenant, name), out var entry) ? entry.Change(others) : others;

    /// <summary>The quotas of a tenant.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="others">Those of every other.</param>
    public QuotaLimits OfTenant(string name, QuotaLimits others) => _tenants.TryGetValue(name, out var entry) ? entry.Change(others) : others;

    /// <summary>Numbers have the ranges of the settings of the same name.</summary>
    private static void Check<TOptions>(Entry entry, string which)
        where TOptions : QuotaOptions
    {
        var section = typeof(TOptions) == typeof(TenantQuotaOptions) ? TenantQuotaOptions.Section : IdentityQuotaOptions.Section;
        foreach (var (member, value) in entry.Limits)
        {
            var name = Entry.Settings.GetValueOrDefault(member);
            Require(name is not null, which, $"must have {string.Join(", ", Entry.Settings.Keys)}, but has {CallersText.Quote(member)}");
            if (value.ValueKind != JsonValueKind.Null && Setting.Of(section, typeof(TOptions).GetProperty(name!)!).Problem(value.ToString()) is { } problem)
            {
                Require(false, which, $"has {member}, which {problem.TrimEnd('.')}");
            }

            Require(member != Entry.BurstMember || value.ValueKind != JsonValueKind.Null, which, $"must have a time for {Entry.BurstMember}, but has null");
        }
    }

    private static void Require(bool holds, string which, string rule)
    {
        if (!holds)
        {
            throw new InvalidDataException($"has a wrong {which}, which {rule}.");
        }
    }

    private sealed record Content(int FormatVersion, IReadOnlyList<Entry> Identities, IReadOnlyList<Entry> Tenants);

    private sealed record Entry(string Name, string? Tenant = null)
    {
        public const string BurstMember = "burst_time";

        public static readonly Dictionary<string, string> Settings = new()
        {
            ["cell_steps_per_second"] = nameof(QuotaOptions.CellStepsPerSecond),
            [BurstMember] = nameof(QuotaOptions.BurstTime),
            ["live_runs"] = nameof(QuotaOptions.LiveRuns),
            ["watchers"] = nameof(QuotaOptions.Watchers),
            ["history_bytes"] = nameof(QuotaOptions.HistoryBytes),
            ["upload_bytes"] = nameof(QuotaOptions.UploadBytes),
            ["open_calls"] = nameof(QuotaOptions.OpenCalls),
        };

        // What is left out must not be the same as what is null.
        [JsonExtensionData]
        public Dictionary<string, JsonElement> Limits { get; init; } = [];

        public QuotaLimits Change(QuotaLimits others) => new(
            Number("cell_steps_per_second", others.CellStepsPerSecond),
            Limits.TryGetValue(BurstMember, out var burst) ? TimeSpan.Parse(burst.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : others.BurstTime,
            Number("live_runs", others.LiveRuns),
            Number("watchers", others.Watchers),
            Number("history_bytes", others.HistoryBytes),
            Number("upload_bytes", others.UploadBytes),
            Number("open_calls", others.OpenCalls));

        private long? Number(string member, long? otherwise) => !Limits.TryGetValue(member, out var value) ? otherwise
            : value.ValueKind == JsonValueKind.Null ? null
            : long.Parse(value.ToString(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
