using System.Collections.Immutable;

namespace Mfn.Server.Pricing;

/// <summary>
/// What a request costs, known before it is computed. The unit is the cell-step: one step of one cell of the reference's model in double precision, or
/// what takes about as long. Beyond the range of a long it stays at its end.
/// </summary>
internal sealed class Price
{
    private Price(ImmutableArray<Work> parts) => Parts = parts;

    /// <summary>Of what computes nothing to speak of.</summary>
    public static Price Free { get; } = new([]);

    /// <summary>What it is made of.</summary>
    public ImmutableArray<Work> Parts { get; }

    /// <summary>The price; never negative.</summary>
    public long CellSteps => Parts.Aggregate(0L, static (sum, part) => Saturate((Int128)sum + part.CellSteps));

    /// <summary>The price of some work. Counts and weights are products of what callers send, and may be beyond a long.</summary>
    public static Price Of(WorkKind kind, Int128 cellSteps, double statedSeconds) => new([new Work(kind, Saturate(cellSteps), statedSeconds)]);

    /// <summary>The only part of what has one.</summary>
    public Work Single => Parts.Single();

    /// <summary>The same as one part, of which nobody measures the parts.</summary>
    public Price AsOne(string name, double size) => Of(WorkKind.Of(name, size), CellSteps, Parts.Sum(static part => part.StatedSeconds));

    /// <summary>The price of several requests.</summary>
    public static Price operator +(Price one, Price other) => new([.. one.Parts, .. other.Parts]);

    /// <summary>The price of doing it so many times.</summary>
    public static Price operator *(Price price, long count) =>
        new([.. price.Parts.Select(part => part with { CellSteps = Saturate((Int128)part.CellSteps * count), StatedSeconds = part.StatedSeconds * count })]);

    private static long Saturate(Int128 cellSteps) => (long)Int128.Clamp(cellSteps, 0, long.MaxValue);
}
