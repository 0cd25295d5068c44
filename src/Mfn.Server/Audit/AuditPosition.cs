namespace Mfn.Server.Audit;

/// <summary>A place in the chain: the number of a line, and its hash.</summary>
/// <param name="Number">The line's number; 0 before the first.</param>
/// <param name="Hash">The SHA-256 of its bytes, in lower-case hexadecimal.</param>
public readonly record struct AuditPosition(long Number, string Hash)
{
    /// <summary>Before the first line.</summary>
    public static AuditPosition Start { get; } = new(0, AuditLine.Beginning);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Number}:{Hash}");
}
