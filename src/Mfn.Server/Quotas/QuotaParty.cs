using Mfn.Server.Memory;

namespace Mfn.Server.Quotas;

/// <summary>What an identity, or a tenant, has of what it may have. Not thread-safe.</summary>
/// <param name="subject">Who it is, such as "identity:lab/alice" or "tenant:lab".</param>
internal sealed class QuotaParty(string subject)
{
    private readonly long[] _held = new long[Enum.GetValues<QuotaKind>().Length];

    /// <summary>Who it is, in refusals.</summary>
    public string Subject { get; } = subject;

    /// <summary>What it may have.</summary>
    public QuotaLimits Limits { get; private set; } = QuotaLimits.None;

    /// <summary>What it has of what all share.</summary>
    public MemoryHolder Holder { get; } = new();

    /// <summary>Its cell-steps.</summary>
    public CellStepBucket Bucket { get; } = new();

    /// <summary>What it was promised, in the order of time.</summary>
    public List<CellStepPromise> Promises { get; } = [];

    /// <summary>Those who use it, and for whom it must be there.</summary>
    public int UserCount { get; set; }

    /// <summary>Gives it other limits; what it has, and was promised, it keeps.</summary>
    public void Limit(QuotaLimits limits, long now)
    {
        if (limits != Limits)
        {
            Limits = limits;
            Bucket.Limit(limits, now);
        }
    }

    /// <summary>How much it has of something.</summary>
    public long Held(QuotaKind kind) => _held[(int)kind];

    /// <summary>Whether it may have so much more.</summary>
    public bool MayHold(QuotaKind kind, long more) => Limits.MostHeld(kind) is not { } most || Held(kind) + more <= most;

    /// <summary>Has more, or with a negative number less.</summary>
    public void Hold(QuotaKind kind, long more) => _held[(int)kind] += more;

    /// <summary>Whether nothing would be lost with it: it is what a new one would be.</summary>
    public bool IsIdle(long now) => UserCount == 0 && Promises.Count == 0 && Bucket.IsFull(now);
}
