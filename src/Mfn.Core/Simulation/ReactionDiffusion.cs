using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>The fields of a run, of whatever type their cells are, and how they step.</summary>
internal abstract class ReactionDiffusion : IDisposable
{
    /// <summary>The most steps that one pass over the memory can take; 1 with jitter, whose draws come between those of two steps' events.</summary>
    public abstract int MaxStepsPerPass { get; }

    /// <summary>A field, row-major: a view that is valid until the next pass; empty if the run has not so many.</summary>
    public abstract ReadOnlySpan<double> Field(int index);

    /// <summary>A field of singles, row-major: a view that is valid until the next pass; empty for a field of doubles.</summary>
    public abstract ReadOnlySpan<float> Singles(int index);

    public static ReactionDiffusion Create(SimulationSpec spec, RandomGenerator random, StepHelpers helpers) => (spec.Pattern, spec.Precision) switch
    {
        (null, Precision.Binary64) => new MembraneFields<double>(spec, random, helpers),
        (null, _) => new MembraneFields<float>(spec, random, helpers),
        (_, Precision.Binary64) => new PatternFields<double>(spec, random, helpers),
        _ => new PatternFields<float>(spec, random, helpers),
    };

    /// <summary>Draws the fields of step 0.</summary>
    public abstract void Draw();

    /// <summary>Takes over the fields of a state that fits.</summary>
    public abstract void Load(SimulationState state);

    /// <summary>Takes as many steps as there are entries, each of which begins with its growth event, if it has one.</summary>
    /// <returns>What the steps did. If a cell is not finite, several steps leave the fields as they were, one step changes them.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled; the fields are as they were.</exception>
    public abstract RowCounts Advance(ReadOnlyMemory<GrowthEvent?> growthEvents, CancellationToken cancellationToken);

    /// <summary>Gives the memory back. There are no fields any more.</summary>
    public abstract void Dispose();
}
