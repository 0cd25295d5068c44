using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>
/// Implicit-explicit steps: (1 − Δt D δₓ²/h²)(1 − Δt D δᵧ²/h²) u' = u + Δt f(u) for each species that diffuses. Backward Euler for each direction: of
/// first order in time, of second in space, and it damps every mode whatever the time step.
/// </summary>
internal abstract class AlternatingDirections<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>That of a spec, of the widest vectors that the processor is fast with.</summary>
    public static AlternatingDirections<T> Of(PatternSpec spec) =>
        Vector512.IsHardwareAccelerated ? Of<Bits512<T>>(spec)
        : Vector256.IsHardwareAccelerated ? Of<Bits256<T>>(spec)
        : Of<Bits128<T>>(spec);

    /// <summary>The same, of the given vectors.</summary>
    public static AlternatingDirections<T> Of<TVector>(PatternSpec spec)
        where TVector : struct, IVector<TVector, T> => new AlternatingDirections<T, TVector>(spec, ReactionKernel<T>.Of<TVector>(spec));

    /// <summary>Writes the fields after a step, which may take the place of those before.</summary>
    /// <returns>Whether all cells are finite.</returns>
    /// <exception cref="OperationCanceledException">The step was cancelled, which is looked at every few rows; the destination is unfinished.</exception>
    public abstract bool Advance(FieldRows<T> source, FieldRows<T> destination, CancellationToken cancellationToken);
}

/// <summary>The same with vectors of one width.</summary>
internal sealed class AlternatingDirections<T, TVector> : AlternatingDirections<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly int _rowCount;
    private readonly int _columnCount;
    private readonly ReactionKernel<T> _reaction;
    private readonly ImplicitDiffusion<T, TVector>?[] _diffusions;

    public AlternatingDirections(PatternSpec spec, ReactionKernel<T> reaction)
    {
        (_rowCount, _columnCount, _reaction) = (spec.RowCount, spec.ColumnCount, reaction);
        _diffusions = new ImplicitDiffusion<T, TVector>?[spec.Kinetics.SpeciesCount];
        for (var i = 0; i < _diffusions.Length; i++)
        {
            var ratio = spec.Kinetics.Diffusion(i) * spec.TimeStep / (spec.CellWidth * spec.CellWidth);
            _diffusions[i] = ratio == 0 ? null : new(spec.RowCount, spec.ColumnCount, ratio, spec.Boundaries[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool Advance(FieldRows<T> source, FieldRows<T> destination, CancellationToken cancellationToken)
    {
        // Down the rows and up again, some at a time, which stay in the cache from one thing to the next.
        var rowsTogether = ImplicitDiffusion<T, TVector>.RowsTogether;
        var isFinite = true;
        for (var row = 0; row < _rowCount; row += rowsTogether)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(rowsTogether, _rowCount - row);
            isFinite &= _reaction.Advance(
                ref source.Row(row, count), source.PlaneOffset, ref destination.Row(row, count), destination.PlaneOffset, count * _columnCount);
            for (var i = 0; i < _diffusions.Length; i++)
            {
                _diffusions[i]?.SolveRows(ref destination.Plane(i)[row * _columnCount], count);
                _diffusions[i]?.EliminateColumns(ref destination.Plane(i)[0], row, row + count);
            }
        }

        // Fewer, since they come from memory, which is fetched ahead of few rows at a time.
        const int RowsTogetherUp = 8;
        for (var end = _rowCount; end > 0; end -= RowsTogetherUp)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < _diffusions.Length; i++)
            {
                _diffusions[i]?.SubstituteColumns(ref destination.Plane(i)[0], Math.Max(end - RowsTogetherUp, 0), end);
            }
        }

        return isFinite;
    }
}
