using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>The kernel of one width of vectors, one kind of reaction and one of rim.</summary>
/// <remarks>
/// Every cell goes through the same operations in the same order, none of them fused, whatever the vectors' width: so its bits are the same.
/// A row's last vector overlaps the one before it if the width does not divide the row, and ends beyond a row that is shorter than a vector.
/// </remarks>
internal sealed class StepKernel<T, TVector, TReaction, TRim>(SimulationSpec spec) : StepKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
    where TReaction : struct, IReaction
    where TRim : struct, IRim
{
    private readonly StepConstants<T> _constants = new(spec);
    private readonly int _lastColumn = spec.GridSize - 1;
    private readonly int _last = Math.Max(spec.GridSize - TVector.Count, 0);
    private readonly TVector _isRowEnd = Lanes(Math.Min(spec.GridSize, TVector.Count) - 1, Math.Min(spec.GridSize, TVector.Count));
    private readonly TVector _isNewInLast = NewInLast(spec.GridSize);

    // Compiled for good at once: the first runs of a process should not wait for the tiers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowCounts AdvanceRows(in RowStencil<T> rows, int rowCount, int stride, ref T noise, ref T next, int nextOffset, int nextStride)
    {
        var alpha = TVector.Create(_constants.Alpha);
        var activatorDiffusion = TVector.Create(_constants.ActivatorDiffusion);
        var inhibitorDiffusion = TVector.Create(_constants.InhibitorDiffusion);
        var activatorRate = TVector.Create(_constants.ActivatorRate);
        var inhibitorRate = TVector.Create(_constants.InhibitorRate);
        var threshold = TVector.Create(_constants.Threshold);
        var increment = TVector.Create(_constants.Increment);
        var lowest = TVector.Create(_constants.LowestPotential);
        var highest = TVector.Create(_constants.HighestPotential);
        var four = TVector.Create(T.CreateChecked(4.0));

        // From memory, since a constant that the compiler knows is made anew for every vector.
        var one = TVector.Create(_constants.One);

        ref var v = ref rows.Here;
        ref var a = ref Unsafe.Add(ref v, rows.HereOffset);
        ref var h = ref Unsafe.Add(ref a, rows.HereOffset);
        ref var vAbove = ref rows.Above;
        ref var aAbove = ref Unsafe.Add(ref vAbove, rows.AboveOffset);
        ref var hAbove = ref Unsafe.Add(ref aAbove, rows.AboveOffset);
        ref var vBelow = ref rows.Below;
        ref var aBelow = ref Unsafe.Add(ref vBelow, rows.BelowOffset);
        ref var hBelow = ref Unsafe.Add(ref aBelow, rows.BelowOffset);
        ref var nextActivator = ref Unsafe.Add(ref next, nextOffset);
        ref var nextInhibitor = ref Unsafe.Add(ref nextActivator, nextOffset);

        var activations = TVector.Zero;
        var clampings = TVector.Zero;
        var bits = TVector.Zero;

        var last = _last;
        var j = 0;
        while (true)
        {
            var at = (nuint)j;
            TVector vLeft;
            TVector vRight;
            var aLeft = TVector.Zero;
            var aRight = TVector.Zero;
            var hLeft = TVector.Zero;
            var hRight = TVector.Zero;
            if ((uint)(j - 1) < (uint)(last - 1))
            {
                vLeft = TVector.Load(ref v, at - 1);
                vRight = TVector.Load(ref v, at + 1);
                if (TReaction.IsActive)
                {
                    aLeft = TVector.Load(ref a, at - 1);
                    aRight = TVector.Load(ref a, at + 1);
                    hLeft = TVector.Load(ref h, at - 1);
                    hRight = TVector.Load(ref h, at + 1);
                }
            }
            else
            {
                // At an end of the row, or at both.
                vLeft = Left(ref v, j);
                vRight = Right(ref v, j);
                if (TReaction.IsActive)
                {
                    aLeft = Left(ref a, j);
                    aRight = Right(ref a, j);
                    hLeft = Left(ref h, j);
                    hRight = Right(ref h, j);
                }
            }

            var vHere = TVector.Load(ref v, at);
            var vLaplacian = Laplacian(vHere, TVector.Load(ref vAbove, at), TVector.Load(ref vBelow, at), vLeft, vRight, four);
            var vNext = vHere + (alpha * vLaplacian);
            var aNext = TVector.Zero;
            if (TReaction.IsActive)
            {
                var aHere = TVector.Load(ref a, at);
                var hHere = TVector.Load(ref h, at);
                var aLaplacian = Laplacian(aHere, TVector.Load(ref aAbove, at), TVector.Load(ref aBelow, at), aLeft, aRight, four);
                var hLaplacian = Laplacian(hHere, TVector.Load(ref hAbove, at), TVector.Load(ref hBelow, at), hLeft, hRight, four);
                aNext = aHere + ((activatorDiffusion * aLaplacian) + (activatorRate * ((aHere * (one - aHere)) - hHere)));
                var source = TReaction.IsSemiImplicit ? aNext : aHere;
                var hNext = hHere + ((inhibitorDiffusion * hLaplacian) + (inhibitorRate * (source - hHere)));
                vNext = TVector.AddWhereGreater(vNext, increment, aNext, threshold);

                var aClipped = TVector.Clip(aNext, TVector.Zero, one);
                var hClipped = TVector.Clip(hNext, TVector.Zero, one);
                bits |= aClipped | hClipped;
                TVector.Store(aClipped, ref nextActivator, at);
                TVector.Store(hClipped, ref nextInhibitor, at);
            }

            if (!Unsafe.IsNullRef(ref noise))
            {
                vNext += TVector.Load(ref noise, at);
            }

            var vClipped = TVector.Clip(vNext, lowest, highest);
            bits |= vClipped;
            TVector.Store(vClipped, ref next, at);

            if (j == last)
            {
                activations = TReaction.IsActive ? TVector.CountSet(activations, TVector.IsGreater(aNext, threshold) & _isNewInLast) : activations;
                clampings = TVector.CountSet(clampings, TVector.IsDifferent(vClipped, vNext) & _isNewInLast);
                if (--rowCount == 0)
                {
                    break;
                }

                // Not a loop around this one, which took 5 % more at 64².
                j = 0;
                v = ref Unsafe.Add(ref v, stride);
                a = ref Unsafe.Add(ref a, stride);
                h = ref Unsafe.Add(ref h, stride);
                vAbove = ref Unsafe.Add(ref vAbove, stride);
                aAbove = ref Unsafe.Add(ref aAbove, stride);
                hAbove = ref Unsafe.Add(ref hAbove, stride);
                vBelow = ref Unsafe.Add(ref vBelow, stride);
                aBelow = ref Unsafe.Add(ref aBelow, stride);
                hBelow = ref Unsafe.Add(ref hBelow, stride);
                next = ref Unsafe.Add(ref next, nextStride);
                nextActivator = ref Unsafe.Add(ref nextActivator, nextStride);
                nextInhibitor = ref Unsafe.Add(ref nextInhibitor, nextStride);
                continue;
            }

            activations = TReaction.IsActive ? TVector.CountGreater(activations, aNext, threshold) : activations;
            clampings = TVector.CountDifferent(clampings, vClipped, vNext);
            j = Math.Min(j + TVector.Count, last);
        }

        return new RowCounts(TVector.SumCounts(activations), TVector.SumCounts(clampings), TVector.IsBelowTwo(bits));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Laplacian(TVector here, TVector above, TVector below, TVector left, TVector right, TVector four) =>
        (TRim.IsZero ? above + below + right + left : above + below + left + right) - (four * here);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVector Left(ref T row, int j)
    {
        var left = TVector.Load(ref row, (nuint)j - 1);
        return j == 0 ? TVector.WithFirst(left, BeforeFirst(ref row)) : left;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TVector Right(ref T row, int j)
    {
        var right = TVector.Load(ref row, (nuint)j + 1);
        return j == _last ? TVector.Select(_isRowEnd, TVector.Create(BeyondLast(ref row)), right) : right;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T BeforeFirst(ref T row) => TRim.IsZero ? T.Zero : TRim.IsTorus ? Unsafe.Add(ref row, _lastColumn) : row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T BeyondLast(ref T row) => TRim.IsZero ? T.Zero : TRim.IsTorus ? row : Unsafe.Add(ref row, _lastColumn);

    /// <summary>The lanes of a row's last vector that are in the row and were not in the vector before it.</summary>
    private static TVector NewInLast(int columnCount)
    {
        var remainder = columnCount % TVector.Count;
        return columnCount < TVector.Count ? Lanes(0, columnCount) : Lanes(remainder == 0 ? 0 : TVector.Count - remainder, TVector.Count);
    }

    /// <summary>All bits in the lanes from the first to before the end.</summary>
    private static TVector Lanes(int first, int end) =>
        TVector.IsGreater(TVector.Indices, TVector.Create(T.CreateChecked(first - 1)))
        & TVector.IsGreater(TVector.Create(T.CreateChecked(end)), TVector.Indices);
}
