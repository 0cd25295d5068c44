using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>Another potential in every cell. In a run of single precision each is rounded.</summary>
/// <param name="Potential">In volts, row-major; finite, and as many as the run has cells.</param>
public sealed record PotentialReplacement(ImmutableArray<double> Potential) : StateChange
{
    /// <inheritdoc/>
    public override bool EditsPotential => true;

    /// <inheritdoc/>
    public override IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var cellCount = spec.GridSize * spec.GridSize;
        if (Potential.IsDefault || Potential.Length != cellCount)
        {
            return [new SpecProblem(nameof(Potential), $"must have {cellCount} cells, but has {(Potential.IsDefault ? 0 : Potential.Length)}")];
        }

        return NonFiniteCells.In(Potential.AsSpan()) is { IsNone: false } found
            ? [new SpecProblem(nameof(Potential), $"must be finite, but has {found}")]
            : [];
    }

    /// <summary>Whether both replace by the same bits.</summary>
    public bool Equals(PotentialReplacement? other) =>
        other is not null && MemoryMarshal.AsBytes(Potential.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.Potential.AsSpan()));

    /// <inheritdoc/>
    public override int GetHashCode() => Potential.Length;

    internal override SimulationState ApplyTo(SimulationState state, SimulationSpec spec) => state with { Potential = spec.Rounded(Potential) };

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.Append(3);
        hash.Append(Potential.AsSpan());
    }
}
