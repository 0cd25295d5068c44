using System.Numerics;
using System.Runtime.Intrinsics;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>
/// The implicit part of a step: (1 − Δt D δₓ²/h²)(1 − Δt D δᵧ²/h²) u' = u + Δt f(u) for each species that diffuses. Backward Euler for each direction: of
/// first order in time, of second in space, and it damps every mode whatever the time step.
/// </summary>
internal abstract class AlternatingDirections<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>That of a spec, of the widest vectors that the processor is fast with.</summary>
    public static AlternatingDirections<T> Of(PatternSpec spec) =>
        Vector512.IsHardwareAccelerated ? new AlternatingDirections<T, Bits512<T>>(spec)
        : Vector256.IsHardwareAccelerated ? new AlternatingDirections<T, Bits256<T>>(spec)
        : new AlternatingDirections<T, Bits128<T>>(spec);

    /// <summary>Replaces the right sides by the solutions.</summary>
    public abstract void Solve(FieldRows<T> rows);
}

/// <summary>The same with vectors of one width.</summary>
internal sealed class AlternatingDirections<T, TVector> : AlternatingDirections<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly PatternSpec _spec;
    private readonly ImplicitDiffusion<T, TVector>?[] _diffusions;
    private readonly T[] _scratch;

    public AlternatingDirections(PatternSpec spec)
    {
        _spec = spec;
        _diffusions = new ImplicitDiffusion<T, TVector>?[spec.Kinetics.SpeciesCount];
        for (var i = 0; i < _diffusions.Length; i++)
        {
            var ratio = spec.Kinetics.Diffusion(i) * spec.TimeStep / (spec.CellWidth * spec.CellWidth);
            _diffusions[i] = ratio == 0 ? null : new(spec.RowCount, spec.ColumnCount, ratio, spec.Boundaries[i]);
        }

        _scratch = new T[_diffusions.Max(diffusion => diffusion?.ScratchLength ?? 0)];
    }

    public override void Solve(FieldRows<T> rows)
    {
        for (var i = 0; i < _diffusions.Length; i++)
        {
            ref var cells = ref rows.Plane(i)[0];
            _diffusions[i]?.SolveRows(ref cells, _spec.ColumnCount, _spec.RowCount, _scratch);
            _diffusions[i]?.SolveColumns(ref cells, _spec.ColumnCount, _spec.ColumnCount, _scratch);
        }
    }
}
