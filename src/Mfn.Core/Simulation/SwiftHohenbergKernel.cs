using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>
/// The two parts of a step of Swift and Hohenberg's equation. The first hands w = u + ∇²u on beside u; the second has
/// u' = u + Δt ((r u + (g − u) u²) − (w + ∇²w)).
/// </summary>
internal sealed class SwiftHohenbergKernel<T, TVector, TStencil>(PatternSpec spec, bool isSecondPart) : StepKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
    where TStencil : struct, IPatternStencil<T, TVector>
{
    private readonly T _timeStep = T.CreateChecked(spec.TimeStep);
    private readonly T _laplacian = T.CreateChecked(1 / (TStencil.Scale * spec.CellWidth * spec.CellWidth));
    private readonly T _r = T.CreateChecked(spec.Kinetics.Values[0]);
    private readonly T _g = T.CreateChecked(spec.Kinetics.Values[1]);
    private readonly RowEnds<T, TVector> _ends = new(spec.ColumnCount, spec.Boundaries[0]);
    private readonly RowEnds<T, TVector> _maskEnds = new(spec.ColumnCount, PatternPlanes.BoundaryOfMask(spec));
    private readonly int _last = Math.Max(spec.ColumnCount - TVector.Count, 0);
    private readonly TVector _isInLast = RowEnds<T, TVector>.Lanes(0, Math.Min(spec.ColumnCount, TVector.Count));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset)
    {
        var timeStep = TVector.Create(_timeStep);
        var laplacian = TVector.Create(_laplacian);
        var r = TVector.Create(_r);
        var g = TVector.Create(_g);

        ref var u = ref rows.Here;
        ref var uAbove = ref rows.Above;
        ref var uBelow = ref rows.Below;
        var finite = TVector.Zero;
        var j = 0;
        while (true)
        {
            var at = (nuint)j;
            var isWithin = (uint)(j - 1) < (uint)(_last - 1);
            ref var w = ref Unsafe.Add(ref u, rows.HereOffset);
            ref var wAbove = ref Unsafe.Add(ref uAbove, rows.AboveOffset);
            ref var wBelow = ref Unsafe.Add(ref uBelow, rows.BelowOffset);
            ref var wNext = ref Unsafe.Add(ref next, nextOffset);

            var weights = default(Neighbourhood<TVector>);
            if (TStencil.IsMasked)
            {
                weights = PatternPlanes.Load<T, TVector>(
                    ref Unsafe.Add(ref w, rows.HereOffset), ref Unsafe.Add(ref wAbove, rows.AboveOffset), ref Unsafe.Add(ref wBelow, rows.BelowOffset), j, isWithin, TStencil.HasDiagonals, _maskEnds);
                TVector.Store(weights.Here, ref Unsafe.Add(ref wNext, nextOffset), at);
            }

            var here = TVector.Load(ref u, at);
            TVector after;
            if (!isSecondPart)
            {
                var cells = PatternPlanes.Load<T, TVector>(ref u, ref uAbove, ref uBelow, j, isWithin, TStencil.HasDiagonals, _ends);
                after = TVector.FusedMultiplyAdd(laplacian, PatternPlanes.Sum<T, TVector, TStencil>(cells, weights), here);
                TVector.Store(here, ref next, at);
                TVector.Store(after, ref wNext, at);
            }
            else
            {
                var cells = PatternPlanes.Load<T, TVector>(ref w, ref wAbove, ref wBelow, j, isWithin, TStencil.HasDiagonals, _ends);
                var spatial = TVector.FusedMultiplyAdd(laplacian, PatternPlanes.Sum<T, TVector, TStencil>(cells, weights), cells.Here);
                var growth = TVector.FusedMultiplyAdd(r, here, (g - here) * (here * here));
                after = TVector.FusedMultiplyAdd(timeStep, growth - spatial, here);
                if (TStencil.IsMasked)
                {
                    after = TVector.Select(TVector.IsGreater(weights.Here, TVector.Zero), after, here);
                }

                TVector.Store(after, ref next, at);
                TVector.Store(cells.Here, ref wNext, at);
            }

            if (j == _last)
            {
                finite = TVector.FusedMultiplyAdd(TVector.Select(_isInLast, after, TVector.Zero), TVector.Zero, finite);
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

            finite = TVector.FusedMultiplyAdd(after, TVector.Zero, finite);
            j = Math.Min(j + TVector.Count, _last);
        }

        return new RowCounts(0, 0, IsFinite: PatternPlanes.AreFinite<T, TVector>(finite));
    }
}
