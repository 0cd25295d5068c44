using Grpc.Core;
using Mfn.Server.Identity;

namespace Mfn.Server.Audit;

/// <summary>
/// Who did what to which resource, with which outcome. It has no text that a caller can choose, but for names and ids whose form has been checked: nobody's secret, and no values.
/// </summary>
/// <param name="Kind">What it tells of.</param>
/// <param name="Time">When it was.</param>
internal sealed record AuditEvent(AuditEventKind Kind, DateTimeOffset Time)
{
    /// <summary>The number of the call, which its events share; 0 if it is of no call.</summary>
    public long Call { get; init; }

    /// <summary>Whose it is; null if nobody knows.</summary>
    public CallerIdentity? Caller { get; init; }

    /// <summary>The address that it came from.</summary>
    public string? Peer { get; init; }

    /// <summary>What was called, such as <c>mfn.v1.RunService/GetRun</c>.</summary>
    public string? Rpc { get; init; }

    /// <summary>The permission that it needs.</summary>
    public string? Permission { get; init; }

    /// <summary>What it was done to, such as <c>runs/ID</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>The name that the resource has.</summary>
    public string? ResourceName { get; init; }

    /// <summary>What came of it, if that is another resource.</summary>
    public string? Created { get; init; }

    /// <summary>What was done, where the RPC does not say it.</summary>
    public string? Action { get; init; }

    /// <summary>The outcome.</summary>
    public StatusCode? Code { get; init; }

    /// <summary>Why, in a word for programs.</summary>
    public string? Reason { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What other logs know the call by.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What only events of one kind have, by their names.</summary>
    public IReadOnlyList<(string Name, object Value)> Facts { get; init; } = [];
}
