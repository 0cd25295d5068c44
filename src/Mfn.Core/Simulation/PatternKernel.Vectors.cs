using System.Numerics;
using System.Runtime.CompilerServices;
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

        // Stay zero as long as all values are finite; two, so that neither waits for the other.
        var uFinite = TVector.Zero;
        var vFinite = TVector.Zero;
        var (uEnds, vEnds) = (_uEnds, _vEnds);
        Unsafe.SkipInit(out Neighbourhood<TVector> weights);
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

            if (TStencil.IsMasked)
            {
                weights = Load(
                    ref Unsafe.Add(ref v, rows.HereOffset), ref Unsafe.Add(ref vAbove, rows.AboveOffset), ref Unsafe.Add(ref vBelow, rows.BelowOffset), j, isWithin, _maskEnds);
            }

            TVector uLeft, uRight, vLeft, vRight;
            var (uAboveLeft, uAboveRight, uBelowLeft, uBelowRight) = (TVector.Zero, TVector.Zero, TVector.Zero, TVector.Zero);
            var (vAboveLeft, vAboveRight, vBelowLeft, vBelowRight) = (TVector.Zero, TVector.Zero, TVector.Zero, TVector.Zero);
            if (isWithin)
            {
                uLeft = TVector.Load(ref u, at - 1);
                uRight = TVector.Load(ref u, at + 1);
                vLeft = TVector.Load(ref v, at - 1);
                vRight = TVector.Load(ref v, at + 1);
                if (TStencil.HasDiagonals)
                {
                    uAboveLeft = TVector.Load(ref uAbove, at - 1);
                    uAboveRight = TVector.Load(ref uAbove, at + 1);
                    uBelowLeft = TVector.Load(ref uBelow, at - 1);
                    uBelowRight = TVector.Load(ref uBelow, at + 1);
                    vAboveLeft = TVector.Load(ref vAbove, at - 1);
                    vAboveRight = TVector.Load(ref vAbove, at + 1);
                    vBelowLeft = TVector.Load(ref vBelow, at - 1);
                    vBelowRight = TVector.Load(ref vBelow, at + 1);
                }
            }
            else
            {
                // At an end of the row, or at both.
                uLeft = uEnds.Left(ref u, j);
                uRight = uEnds.Right(ref u, j);
                vLeft = vEnds.Left(ref v, j);
                vRight = vEnds.Right(ref v, j);
                if (TStencil.HasDiagonals)
                {
                    uAboveLeft = uEnds.Left(ref uAbove, j);
                    uAboveRight = uEnds.Right(ref uAbove, j);
                    uBelowLeft = uEnds.Left(ref uBelow, j);
                    uBelowRight = uEnds.Right(ref uBelow, j);
                    vAboveLeft = vEnds.Left(ref vAbove, j);
                    vAboveRight = vEnds.Right(ref vAbove, j);
                    vBelowLeft = vEnds.Left(ref vBelow, j);
                    vBelowRight = vEnds.Right(ref vBelow, j);
                }
            }

            var uHere = TVector.Load(ref u, at);
            var vHere = TVector.Load(ref v, at);
            rates.Of(uHere, vHere, out var f, out var g);
            var uSum = TStencil.Sum(
                uHere, TVector.Load(ref uAbove, at), TVector.Load(ref uBelow, at), uLeft, uRight, uAboveLeft, uAboveRight, uBelowLeft, uBelowRight, weights);
            var vSum = TStencil.Sum(
                vHere, TVector.Load(ref vAbove, at), TVector.Load(ref vBelow, at), vLeft, vRight, vAboveLeft, vAboveRight, vBelowLeft, vBelowRight, weights);
            var uAfter = TVector.FusedMultiplyAdd(uDiffusion, uSum, TVector.FusedMultiplyAdd(timeStep, f, uHere));
            var vAfter = TVector.FusedMultiplyAdd(vDiffusion, vSum, TVector.FusedMultiplyAdd(timeStep, g, vHere));
            if (TStencil.IsMasked)
            {
                var takesPart = TVector.IsGreater(weights.Here, TVector.Zero);
                uAfter = TVector.Select(takesPart, uAfter, uHere);
                vAfter = TVector.Select(takesPart, vAfter, vHere);
                TVector.Store(weights.Here, ref Unsafe.Add(ref vNext, nextOffset), at);
            }

            TVector.Store(uAfter, ref next, at);
            TVector.Store(vAfter, ref vNext, at);

            if (j == last)
            {
                // What lies beyond a row that is shorter than a vector may be anything.
                uFinite = TVector.FusedMultiplyAdd(TVector.Select(_isInLast, uAfter, TVector.Zero), TVector.Zero, uFinite);
                vFinite = TVector.FusedMultiplyAdd(TVector.Select(_isInLast, vAfter, TVector.Zero), TVector.Zero, vFinite);
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

            uFinite = TVector.FusedMultiplyAdd(uAfter, TVector.Zero, uFinite);
            vFinite = TVector.FusedMultiplyAdd(vAfter, TVector.Zero, vFinite);
            j = Math.Min(j + TVector.Count, last);
        }

        return new RowCounts(0, 0, IsFinite: PatternPlanes.AreFinite<T, TVector>(uFinite + vFinite));
    }

    // Where diffusion is implicit, it comes after the kernel.
    private static T Coefficient(PatternSpec spec, int species) => spec.Integrator == Integrator.Adi ? T.Zero
        : T.CreateChecked(spec.Kinetics.Diffusion(species) * spec.TimeStep / (TStencil.Scale * spec.CellWidth * spec.CellWidth));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Neighbourhood<TVector> Load(ref T here, ref T above, ref T below, int j, bool isWithin, RowEnds<T, TVector> ends) =>
        PatternPlanes.Load<T, TVector>(ref here, ref above, ref below, j, isWithin, TStencil.HasDiagonals, ends);
}
