using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>
/// The two parts of a step of Swift and Hohenberg's equation. The first hands w = u + ∇²u on beside u; the second has
/// u' = u + Δt ((r u + (g − u) u²) − (w + ∇²w)).
/// </summary>
internal sealed class SwiftHohenbergKernel<T, TVector, TStencil, TPart>(PatternSpec spec) : StepKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
    where TStencil : struct, IPatternStencil<T, TVector>
    where TPart : struct, ISwiftHohenbergPart
{
    private readonly T _timeStep = T.CreateChecked(spec.TimeStep);
    private readonly T _laplacian = T.CreateChecked(1 / (TStencil.Scale * spec.CellWidth * spec.CellWidth));
    private readonly T _centre = T.CreateChecked(TStencil.Centre);
    private readonly T _r = T.CreateChecked(spec.Kinetics.Values[0]);
    private readonly T _g = T.CreateChecked(spec.Kinetics.Values[1]);
    private readonly RowEnds<T, TVector> _ends = new(spec.ColumnCount, spec.Boundaries[0]);
    private readonly int _last = Math.Max(spec.ColumnCount - TVector.Count, 0);
    private readonly bool _isShort = spec.ColumnCount < TVector.Count;
    private readonly TVector _isInRow = RowEnds<T, TVector>.Lanes(0, Math.Min(spec.ColumnCount, TVector.Count));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset, int nextStride)
    {
        var timeStep = TVector.Create(_timeStep);
        var laplacian = TVector.Create(_laplacian);
        var centre = TVector.Create(_centre);
        var r = TVector.Create(_r);
        var g = TVector.Create(_g);
        var last = (nuint)_last;

        ref var u = ref rows.Here;
        ref var uUp = ref rows.Above;
        ref var uDown = ref rows.Below;
        var finite = TVector.Zero;
        while (true)
        {
            // The plane whose Laplacian is taken: u, then w.
            ref var cells = ref Unsafe.Add(ref u, TPart.IsSecond ? rows.HereOffset : 0);
            ref var up = ref Unsafe.Add(ref uUp, TPart.IsSecond ? rows.AboveOffset : 0);
            ref var down = ref Unsafe.Add(ref uDown, TPart.IsSecond ? rows.BelowOffset : 0);
            ref var mask = ref Unsafe.Add(ref u, TStencil.IsMasked ? 2 * rows.HereOffset : 0);
            ref var wNext = ref Unsafe.Add(ref next, nextOffset);
            ref var maskNext = ref Unsafe.Add(ref wNext, TStencil.IsMasked ? nextOffset : 0);
            var before = _ends.Before(ref cells);
            var aboveBefore = PatternPlanes.BeforeAbove<T, TVector, TStencil>(ref up, ref down, _ends);
            var belowBefore = PatternPlanes.BeforeBelow<T, TVector, TStencil>(ref down, _ends);
            var here = TVector.Load(ref cells, 0);
            var above = PatternPlanes.Above<T, TVector, TStencil>(ref up, ref down, 0);
            var below = PatternPlanes.Below<T, TVector, TStencil>(ref down, 0);
            if (_isShort)
            {
                // What lies after the row follows its last cell in the same vector.
                here = TVector.Select(_isInRow, here, _ends.After(ref cells));
                above = TVector.Select(_isInRow, above, PatternPlanes.AfterAbove<T, TVector, TStencil>(ref up, ref down, _ends));
                below = TVector.Select(_isInRow, below, PatternPlanes.AfterBelow<T, TVector, TStencil>(ref down, _ends));
            }

            nuint at = 0;
            TVector after;
            while (true)
            {
                TVector hereAhead, aboveAhead, belowAhead;
                var ahead = at + (nuint)TVector.Count;
                if (at != last)
                {
                    hereAhead = TVector.Load(ref cells, ahead);
                    aboveAhead = PatternPlanes.Above<T, TVector, TStencil>(ref up, ref down, ahead);
                    belowAhead = PatternPlanes.Below<T, TVector, TStencil>(ref down, ahead);
                }
                else
                {
                    hereAhead = _ends.After(ref cells);
                    aboveAhead = PatternPlanes.AfterAbove<T, TVector, TStencil>(ref up, ref down, _ends);
                    belowAhead = PatternPlanes.AfterBelow<T, TVector, TStencil>(ref down, _ends);
                }

                var open = TStencil.IsMasked ? TVector.Load(ref mask, at) : default;
                var sum = PatternPlanes.Sum<T, TVector, TStencil>(
                    centre, before, here, hereAhead, aboveBefore, above, aboveAhead, belowBefore, below, belowAhead, open);
                after = TVector.FusedMultiplyAdd(laplacian, sum, here);
                if (TPart.IsSecond)
                {
                    var uHere = TVector.Load(ref u, at);
                    var growth = TVector.FusedMultiplyAdd(r, uHere, (g - uHere) * (uHere * uHere));
                    after = TVector.FusedMultiplyAdd(timeStep, growth - after, uHere);
                    if (TStencil.IsMasked)
                    {
                        after = TVector.Select(TVector.LacksBit(open, MaskBit.Here), uHere, after);
                    }

                    TVector.Store(after, ref next, at);
                }
                else
                {
                    TVector.Store(here, ref next, at);
                    TVector.Store(after, ref wNext, at);
                }

                if (TStencil.IsMasked)
                {
                    TVector.Store(open, ref maskNext, at);
                }

                if (at == last)
                {
                    break;
                }

                finite = TVector.FusedMultiplyAdd(after, TVector.Zero, finite);
                at = ahead;
                if (at <= last)
                {
                    (before, here, aboveBefore, above, belowBefore, below) = (here, hereAhead, above, aboveAhead, below, belowAhead);
                    continue;
                }

                at = last;
                var previous = at - (nuint)TVector.Count;
                before = TVector.Load(ref cells, previous);
                aboveBefore = PatternPlanes.Above<T, TVector, TStencil>(ref up, ref down, previous);
                belowBefore = PatternPlanes.Below<T, TVector, TStencil>(ref down, previous);
                here = TVector.Load(ref cells, at);
                above = PatternPlanes.Above<T, TVector, TStencil>(ref up, ref down, at);
                below = PatternPlanes.Below<T, TVector, TStencil>(ref down, at);
            }

            // What lies beyond a row that is shorter than a vector may be anything.
            finite = TVector.FusedMultiplyAdd(TVector.Select(_isInRow, after, TVector.Zero), TVector.Zero, finite);
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
}
