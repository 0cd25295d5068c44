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

    // Fields, so that the compiler keeps them in registers: as constants they would be loaded from memory for every vector.
    private readonly T _centre = T.CreateChecked(TStencil.Centre);
    private readonly RowEnds<T, TVector> _uEnds = new(spec.ColumnCount, spec.Boundaries[0]);
    private readonly RowEnds<T, TVector> _vEnds = new(spec.ColumnCount, spec.Boundaries[1]);
    private readonly int _last = Math.Max(spec.ColumnCount - TVector.Count, 0);
    private readonly bool _isShort = spec.ColumnCount < TVector.Count;
    private readonly TVector _isInRow = RowEnds<T, TVector>.Lanes(0, Math.Min(spec.ColumnCount, TVector.Count));

    // Compiled for good at once: the first runs of a process should not wait for the tiers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset, int nextStride)
    {
        var rates = _rates;
        var timeStep = TVector.Create(_timeStep);
        var uDiffusion = TVector.Create(_uDiffusion);
        var vDiffusion = TVector.Create(_vDiffusion);
        var centre = TVector.Create(_centre);
        var last = (nuint)_last;

        ref var u = ref rows.Here;
        ref var uUp = ref rows.Above;
        ref var uDown = ref rows.Below;

        // Stays zero as long as all values are finite, and their sums too: if it does not, the fields are searched.
        var finite = TVector.Zero;
        while (true)
        {
            ref var v = ref Unsafe.Add(ref u, rows.HereOffset);
            ref var vUp = ref Unsafe.Add(ref uUp, rows.AboveOffset);
            ref var vDown = ref Unsafe.Add(ref uDown, rows.BelowOffset);
            ref var vNext = ref Unsafe.Add(ref next, nextOffset);
            ref var mask = ref Unsafe.Add(ref v, TStencil.IsMasked ? rows.HereOffset : 0);
            ref var maskNext = ref Unsafe.Add(ref vNext, TStencil.IsMasked ? nextOffset : 0);

            // Neighbours in a row are lanes of the vectors before and ahead, since a load of them would lie in two lines of the cache.
            var uBefore = _uEnds.Before(ref u);
            var vBefore = _vEnds.Before(ref v);
            var uAboveBefore = PatternPlanes.BeforeAbove<T, TVector, TStencil>(ref uUp, ref uDown, _uEnds);
            var vAboveBefore = PatternPlanes.BeforeAbove<T, TVector, TStencil>(ref vUp, ref vDown, _vEnds);
            var uBelowBefore = PatternPlanes.BeforeBelow<T, TVector, TStencil>(ref uDown, _uEnds);
            var vBelowBefore = PatternPlanes.BeforeBelow<T, TVector, TStencil>(ref vDown, _vEnds);
            var uHere = TVector.Load(ref u, 0);
            var vHere = TVector.Load(ref v, 0);
            var uAbove = PatternPlanes.Above<T, TVector, TStencil>(ref uUp, ref uDown, 0);
            var vAbove = PatternPlanes.Above<T, TVector, TStencil>(ref vUp, ref vDown, 0);
            var uBelow = PatternPlanes.Below<T, TVector, TStencil>(ref uDown, 0);
            var vBelow = PatternPlanes.Below<T, TVector, TStencil>(ref vDown, 0);
            if (_isShort)
            {
                // What lies after the row follows its last cell in the same vector.
                uHere = TVector.Select(_isInRow, uHere, _uEnds.After(ref u));
                vHere = TVector.Select(_isInRow, vHere, _vEnds.After(ref v));
                uAbove = TVector.Select(_isInRow, uAbove, PatternPlanes.AfterAbove<T, TVector, TStencil>(ref uUp, ref uDown, _uEnds));
                vAbove = TVector.Select(_isInRow, vAbove, PatternPlanes.AfterAbove<T, TVector, TStencil>(ref vUp, ref vDown, _vEnds));
                uBelow = TVector.Select(_isInRow, uBelow, PatternPlanes.AfterBelow<T, TVector, TStencil>(ref uDown, _uEnds));
                vBelow = TVector.Select(_isInRow, vBelow, PatternPlanes.AfterBelow<T, TVector, TStencil>(ref vDown, _vEnds));
            }

            nuint at = 0;
            TVector uAfter, vAfter;
            while (true)
            {
                TVector uAhead, vAhead, uAboveAhead, vAboveAhead, uBelowAhead, vBelowAhead;
                var ahead = at + (nuint)TVector.Count;
                if (at != last)
                {
                    uAhead = TVector.Load(ref u, ahead);
                    vAhead = TVector.Load(ref v, ahead);
                    uAboveAhead = PatternPlanes.Above<T, TVector, TStencil>(ref uUp, ref uDown, ahead);
                    vAboveAhead = PatternPlanes.Above<T, TVector, TStencil>(ref vUp, ref vDown, ahead);
                    uBelowAhead = PatternPlanes.Below<T, TVector, TStencil>(ref uDown, ahead);
                    vBelowAhead = PatternPlanes.Below<T, TVector, TStencil>(ref vDown, ahead);
                }
                else
                {
                    uAhead = _uEnds.After(ref u);
                    vAhead = _vEnds.After(ref v);
                    uAboveAhead = PatternPlanes.AfterAbove<T, TVector, TStencil>(ref uUp, ref uDown, _uEnds);
                    vAboveAhead = PatternPlanes.AfterAbove<T, TVector, TStencil>(ref vUp, ref vDown, _vEnds);
                    uBelowAhead = PatternPlanes.AfterBelow<T, TVector, TStencil>(ref uDown, _uEnds);
                    vBelowAhead = PatternPlanes.AfterBelow<T, TVector, TStencil>(ref vDown, _vEnds);
                }

                var open = TStencil.IsMasked ? TVector.Load(ref mask, at) : default;
                var uSum = PatternPlanes.Sum<T, TVector, TStencil>(
                    centre, uBefore, uHere, uAhead, uAboveBefore, uAbove, uAboveAhead, uBelowBefore, uBelow, uBelowAhead, open);
                var vSum = PatternPlanes.Sum<T, TVector, TStencil>(
                    centre, vBefore, vHere, vAhead, vAboveBefore, vAbove, vAboveAhead, vBelowBefore, vBelow, vBelowAhead, open);
                rates.Of(uHere, vHere, out var f, out var g);
                uAfter = TVector.FusedMultiplyAdd(uDiffusion, uSum, TVector.FusedMultiplyAdd(timeStep, f, uHere));
                vAfter = TVector.FusedMultiplyAdd(vDiffusion, vSum, TVector.FusedMultiplyAdd(timeStep, g, vHere));
                if (TStencil.IsMasked)
                {
                    var isClosed = TVector.LacksBit(open, MaskBit.Here);
                    uAfter = TVector.Select(isClosed, uHere, uAfter);
                    vAfter = TVector.Select(isClosed, vHere, vAfter);
                    TVector.Store(open, ref maskNext, at);
                }

                TVector.Store(uAfter, ref next, at);
                TVector.Store(vAfter, ref vNext, at);
                if (at == last)
                {
                    break;
                }

                finite = TVector.FusedMultiplyAdd(uAfter + vAfter, TVector.Zero, finite);
                at = ahead;
                if (at <= last)
                {
                    (uBefore, uHere, uAboveBefore, uAbove, uBelowBefore, uBelow) = (uHere, uAhead, uAbove, uAboveAhead, uBelow, uBelowAhead);
                    (vBefore, vHere, vAboveBefore, vAbove, vBelowBefore, vBelow) = (vHere, vAhead, vAbove, vAboveAhead, vBelow, vBelowAhead);
                    continue;
                }

                at = last;
                var previous = at - (nuint)TVector.Count;
                uBefore = TVector.Load(ref u, previous);
                vBefore = TVector.Load(ref v, previous);
                uAboveBefore = PatternPlanes.Above<T, TVector, TStencil>(ref uUp, ref uDown, previous);
                vAboveBefore = PatternPlanes.Above<T, TVector, TStencil>(ref vUp, ref vDown, previous);
                uBelowBefore = PatternPlanes.Below<T, TVector, TStencil>(ref uDown, previous);
                vBelowBefore = PatternPlanes.Below<T, TVector, TStencil>(ref vDown, previous);
                uHere = TVector.Load(ref u, at);
                vHere = TVector.Load(ref v, at);
                uAbove = PatternPlanes.Above<T, TVector, TStencil>(ref uUp, ref uDown, at);
                vAbove = PatternPlanes.Above<T, TVector, TStencil>(ref vUp, ref vDown, at);
                uBelow = PatternPlanes.Below<T, TVector, TStencil>(ref uDown, at);
                vBelow = PatternPlanes.Below<T, TVector, TStencil>(ref vDown, at);
            }

            // What lies beyond a row that is shorter than a vector may be anything.
            finite = TVector.FusedMultiplyAdd(TVector.Select(_isInRow, uAfter + vAfter, TVector.Zero), TVector.Zero, finite);
            if (--rowCount == 0)
            {
                break;
            }

            u = ref Unsafe.Add(ref u, stride);
            uUp = ref Unsafe.Add(ref uUp, stride);
            uDown = ref Unsafe.Add(ref uDown, stride);
            next = ref Unsafe.Add(ref next, nextStride);
        }

        return new RowCounts(0, 0, IsFinite: PatternPlanes.AreFinite<T, TVector>(finite));
    }

    private static T Coefficient(PatternSpec spec, int species) =>
        T.CreateChecked(spec.Kinetics.Diffusion(species) * spec.TimeStep / (TStencil.Scale * spec.CellWidth * spec.CellWidth));
}
