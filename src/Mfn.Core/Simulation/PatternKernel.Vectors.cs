using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>
/// The kernel of two species, of one width of vectors, one kinetics and one Laplacian: explicit Euler, u' = u + (k S + (Δt f + 0)), where S is the
/// stencil's sum and k = D Δt / (scale h²), both products fused with their sums. A masked run has its mask as a third field.
/// </summary>
/// <remarks>
/// Every cell goes through the same operations in the same order, whatever the vectors' width: so its bits are the same. A row's last vector
/// overlaps the one before it if the width does not divide the row, and ends beyond a row that is shorter than a vector.
/// </remarks>
internal sealed class PatternKernel<T, TVector, TStencil, TRates>(PatternSpec spec) : StepKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
    where TStencil : struct, IPatternStencil<T, TVector>
    where TRates : struct, IRates<TRates, T, TVector>
{
    private readonly TRates _rates = TRates.Create(spec.Kinetics);
    private readonly T _timeStep = T.CreateChecked(spec.TimeStep);
    private readonly T _uDiffusion = Coefficient(spec, 0);
    private readonly T _vDiffusion = Coefficient(spec, 1);
    private readonly RowEnds<T, TVector> _uEnds = new(spec.ColumnCount, spec.Boundaries[0]);
    private readonly RowEnds<T, TVector> _vEnds = new(spec.ColumnCount, spec.Boundaries[1]);
    private readonly RowEnds<T, TVector> _maskEnds = new(spec.ColumnCount, PatternPlanes.BoundaryOfMask(spec));
    private readonly int _last = Math.Max(spec.ColumnCount - TVector.Count, 0);
    private readonly TVector _isInLast = RowEnds<T, TVector>.Lanes(0, Math.Min(spec.ColumnCount, TVector.Count));

    // Compiled for good at once: the first runs of a process should not wait for the tiers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset)
    {
        var rates = _rates;
        var timeStep = TVector.Create(_timeStep);
        var uDiffusion = TVector.Create(_uDiffusion);
        var vDiffusion = TVector.Create(_vDiffusion);

        ref var u = ref rows.Here;
        ref var uAbove = ref rows.Above;
        ref var uBelow = ref rows.Below;

        // Stays zero as long as all values are finite.
        var finite = TVector.Zero;
        var last = _last;
        var j = 0;
        while (true)
        {
            var at = (nuint)j;
            var isWithin = (uint)(j - 1) < (uint)(last - 1);
            ref var v = ref Unsafe.Add(ref u, rows.HereOffset);
            ref var vAbove = ref Unsafe.Add(ref uAbove, rows.AboveOffset);
            ref var vBelow = ref Unsafe.Add(ref uBelow, rows.BelowOffset);
            ref var vNext = ref Unsafe.Add(ref next, nextOffset);

            var weights = default(Neighbourhood<TVector>);
            if (TStencil.IsMasked)
            {
                weights = Load(
                    ref Unsafe.Add(ref v, rows.HereOffset), ref Unsafe.Add(ref vAbove, rows.AboveOffset), ref Unsafe.Add(ref vBelow, rows.BelowOffset), j, isWithin, _maskEnds);
            }

            var uCells = Load(ref u, ref uAbove, ref uBelow, j, isWithin, _uEnds);
            var vCells = Load(ref v, ref vAbove, ref vBelow, j, isWithin, _vEnds);
            rates.Of(uCells.Here, vCells.Here, out var f, out var g);
            var uAfter = TVector.FusedMultiplyAdd(uDiffusion, TStencil.Sum(uCells, weights), TVector.FusedMultiplyAdd(timeStep, f, uCells.Here));
            var vAfter = TVector.FusedMultiplyAdd(vDiffusion, TStencil.Sum(vCells, weights), TVector.FusedMultiplyAdd(timeStep, g, vCells.Here));
            if (TStencil.IsMasked)
            {
                var takesPart = TVector.IsGreater(weights.Here, TVector.Zero);
                uAfter = TVector.Select(takesPart, uAfter, uCells.Here);
                vAfter = TVector.Select(takesPart, vAfter, vCells.Here);
                TVector.Store(weights.Here, ref Unsafe.Add(ref vNext, nextOffset), at);
            }

            TVector.Store(uAfter, ref next, at);
            TVector.Store(vAfter, ref vNext, at);

            if (j == last)
            {
                // What lies beyond a row that is shorter than a vector may be anything.
                finite = TVector.FusedMultiplyAdd(TVector.Select(_isInLast, uAfter, TVector.Zero), TVector.Zero, finite);
                finite = TVector.FusedMultiplyAdd(TVector.Select(_isInLast, vAfter, TVector.Zero), TVector.Zero, finite);
                if (--rowCount == 0)
                {
                    break;
                }

                j = 0;
                u = ref Unsafe.Add(ref u, stride);
                uAbove = ref Unsafe.Add(ref uAbove, stride);
                uBelow = ref Unsafe.Add(ref uBelow, stride);
                next = ref Unsafe.Add(ref next, stride);
                continue;
            }

            finite = TVector.FusedMultiplyAdd(uAfter, TVector.Zero, finite);
            finite = TVector.FusedMultiplyAdd(vAfter, TVector.Zero, finite);
            j = Math.Min(j + TVector.Count, last);
        }

        return new RowCounts(0, 0, IsFinite: PatternPlanes.AreFinite<T, TVector>(finite));
    }

    // Where diffusion is implicit, it comes after the kernel.
    private static T Coefficient(PatternSpec spec, int species) => spec.Integrator == Integrator.Adi ? T.Zero
        : T.CreateChecked(spec.Kinetics.Diffusion(species) * spec.TimeStep / (TStencil.Scale * spec.CellWidth * spec.CellWidth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Neighbourhood<TVector> Load(ref T here, ref T above, ref T below, int j, bool isWithin, RowEnds<T, TVector> ends) =>
        PatternPlanes.Load<T, TVector>(ref here, ref above, ref below, j, isWithin, TStencil.HasDiagonals, ends);
}
