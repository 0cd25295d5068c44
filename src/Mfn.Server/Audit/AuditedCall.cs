namespace Mfn.Server.Audit;

/// <summary>What is found out about a call while it is served, for its events.</summary>
/// <param name="number">What its events share.</param>
/// <param name="start">When it began, as the clock's timestamp.</param>
internal sealed class AuditedCall(long number, long start)
{
    public long Number => number;

    public long Start => start;

    /// <summary>What it is done to.</summary>
    public string? Resource { get; set; }

    /// <summary>The name of that.</summary>
    public string? ResourceName { get; set; }

    /// <summary>What came of it.</summary>
    public string? Created { get; set; }

    /// <summary>Why it was refused, in a word for programs.</summary>
    public string? Reason { get; set; }

    /// <summary>Whether an event has told that it began.</summary>
    public bool HasBegun { get; set; }

    /// <summary>The call's; null if there is no audit log.</summary>
    public static AuditedCall? Of(HttpContext context) => context.Features.Get<AuditedCall>();
}
