using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Quotas;

/// <summary>What everybody may have, as the settings and the file of exceptions say now. Thread-safe.</summary>
internal sealed class QuotaRules : IDisposable
{
    private readonly QuotaLimits _identities;
    private readonly QuotaLimits _tenants;
    private readonly bool _exemptsAdmins;
    private readonly FollowedFile? _file;
    private QuotaExceptions _exceptions = QuotaExceptions.None;
    private int _version;

    /// <exception cref="InvalidDataException">The file of exceptions cannot be used (any more).</exception>
    public QuotaRules(
        IOptions<IdentityQuotaOptions> identities, IOptions<TenantQuotaOptions> tenants, IOptions<QuotaExceptionOptions> exceptions, FollowedInputs inputs, ILogger<QuotaRules> logger)
    {
        _identities = QuotaLimits.Of(identities.Value);
        _tenants = QuotaLimits.Of(tenants.Value);
        _exemptsAdmins = exceptions.Value.ExemptAdmins;
        if (exceptions.Value.File is { } path)
        {
            _file = new FollowedFile($"{QuotaExceptionOptions.Section}:{nameof(QuotaExceptionOptions.File)}", path, text => Use(QuotaExceptions.Read(text)), inputs, logger);
        }
    }

    /// <summary>Changes whenever the rules do.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Whether a caller has no quotas of its own, whatever its identity has otherwise.</summary>
    public bool Exempts(CallerIdentity caller) => _exemptsAdmins && caller.Kind != CredentialKind.Anonymous && caller.Roles.HasFlag(Roles.Admin);

    /// <summary>What an identity may have.</summary>
    public QuotaLimits OfIdentity(string tenant, string name) => Volatile.Read(ref _exceptions).OfIdentity(tenant, name, _identities);

    /// <summary>What all identities of a tenant may have together.</summary>
    public QuotaLimits OfTenant(string tenant) => Volatile.Read(ref _exceptions).OfTenant(tenant, _tenants);

    public void Dispose() => _file?.Dispose();

    private void Use(QuotaExceptions exceptions)
    {
        Volatile.Write(ref _exceptions, exceptions);
        Interlocked.Increment(ref _version);
    }
}
