namespace Mfn.Server.Secrets;

/// <summary>A provider that lends its reader something to show, which ends unless it is renewed.</summary>
internal interface IRenewedAccess
{
    /// <summary>The setting that says how it is got.</summary>
    string Setting { get; }

    /// <summary>When it should be renewed; null if it need not be, or there is none yet.</summary>
    DateTimeOffset? RenewAt { get; }

    /// <summary>When it ends; null if it does not, or there is none yet.</summary>
    DateTimeOffset? Expires { get; }

    /// <summary>Renews it, or gets another one.</summary>
    /// <exception cref="SecretUnavailableException">Neither can be.</exception>
    Task RenewAsync(CancellationToken cancellationToken);
}
