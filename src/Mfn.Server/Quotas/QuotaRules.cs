using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Quotas;

/// <summary>What everybody may have, as the settings and the file of exceptions say now. Thread-safe.</summary>
internal sealed class QuotaRules : IDisposable
{
    private readonly IOptionsMonitor<QuotaExceptionOptions> _options;
    private readonly List<IDisposable?> _followed = [];
    private QuotaLimits _identities;
    private QuotaLimits _tenants;
    private QuotaExceptions _exceptions = QuotaExceptions.None;
    private int _version;

    /// <exception cref="InvalidDataException">The file of exceptions cannot be used (any more).</exception>
    public QuotaRules(
        IOptionsMonitor<IdentityQuotaOptions> identities,
        IOptionsMonitor<TenantQuotaOptions> tenants,
        IOptionsMonitor<QuotaExceptionOptions> exceptions,
        FollowedInputs inputs,
        ILogger<QuotaRules> logger)
    {
        _options = exceptions;
        _identities = QuotaLimits.Of(identities.CurrentValue);
        _tenants = QuotaLimits.Of(tenants.CurrentValue);
        _followed.Add(identities.OnChange(changed => Use(ref _identities, changed)));
        _followed.Add(tenants.OnChange(changed => Use(ref _tenants, changed)));
        if (exceptions.CurrentValue.File is { } path)
        {
            _followed.Add(new FollowedFile($"{QuotaExceptionOptions.Section}:{nameof(QuotaExceptionOptions.File)}", path, text => Use(QuotaExceptions.Read(text)), inputs, logger));
        }
    }

    /// <summary>Changes whenever the rules do.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Whether a caller that comes now has no quotas of its own, whatever its identity has otherwise.</summary>
    public bool Exempts(CallerIdentity caller) => _options.CurrentValue.ExemptAdmins && caller.Kind != CredentialKind.Anonymous && caller.Roles.HasFlag(Roles.Admin);

    /// <summary>What an identity may have.</summary>
    public QuotaLimits OfIdentity(string tenant, string name) => Volatile.Read(ref _exceptions).OfIdentity(tenant, name, Volatile.Read(ref _identities));

    /// <summary>What all identities of a tenant may have together.</summary>
    public QuotaLimits OfTenant(string tenant) => Volatile.Read(ref _exceptions).OfTenant(tenant, Volatile.Read(ref _tenants));

    public void Dispose() => _followed.ForEach(each => each?.Dispose());

    // Told of every change of settings, of which most are none of these.
    private void Use(ref QuotaLimits limits, QuotaOptions changed)
    {
        var now = QuotaLimits.Of(changed);
        if (limits != now)
        {
            Volatile.Write(ref limits, now);
            Interlocked.Increment(ref _version);
        }
    }

    private void Use(QuotaExceptions exceptions)
    {
        Volatile.Write(ref _exceptions, exceptions);
        Interlocked.Increment(ref _version);
    }
}
