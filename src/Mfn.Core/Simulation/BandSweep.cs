using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Simulation;

/// <summary>
/// Takes a band of rows through several steps in one pass over memory. The rows between the first and the last step live in a ring for each step, which
/// stays in the cache: a few rows of a step are followed by as many of the next one, which lags a row behind since it needs the neighbours.
/// </summary>
/// <remarks>
/// A band also computes the rows next to it that its later steps read, one fewer on either side in every step, instead of waiting for who owns
/// them: overlapped tiling. Any division into bands and any direction gives the same bits, since a cell's value does not depend on who computes it.
/// </remarks>
internal sealed class BandSweep<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // The kernel begins once for them. More would make a cancelled pass of wide rows go on for long.
    private const int MostRowsTogether = 128;

    // Of the second cache, which also holds what is read ahead.
    private const int BytesInCache = 640 * 1024;

    private readonly SweepPlan<T> _plan;
    private readonly int _rowCount;
    private readonly int _rowsTogether;
    private readonly int _rowsTogetherOfOneStep;
    private readonly int _ringRowCount;
    private readonly FieldRows<T>? _rim;
    private readonly FieldRows<T>[] _rings;

    /// <summary>A sweep of at most <paramref name="maxStepCount"/> steps, each of at most <paramref name="maxRowsTogether"/> rows at a time.</summary>
    public BandSweep(SweepPlan<T> plan, int maxStepCount, int maxRowsTogether = MostRowsTogether)
    {
        _plan = plan;
        _rowCount = plan.RowCount;
        // A cache line apart: rows a power of two apart would compete for the same places of the cache.
        var stride = FieldRows<T>.RoundUp(plan.ColumnCount) + FieldRows<T>.RoundUp(1);
        _rim = plan.CreateRim(stride);
        _rings = new FieldRows<T>[maxStepCount - 1];

        // Noise is drawn for one row.
        _rowsTogetherOfOneStep = plan.Jitter is null ? maxRowsTogether : 1;
        var bytesPerRow = (long)_rings.Length * stride * plan.PlaneCount * Unsafe.SizeOf<T>();
        _rowsTogether = _rings.Length == 0 ? _rowsTogetherOfOneStep : (int)Math.Clamp((BytesInCache / bytesPerRow) - 2, 1, _rowsTogetherOfOneStep);

        // Of a step's rows the next one still needs the last two when their successors come.
        _ringRowCount = _rowsTogether + 2;
        for (var i = 0; i < _rings.Length; i++)
        {
            _rings[i] = new FieldRows<T>(_ringRowCount, stride, plan.PlaneCount);
        }
    }

    /// <summary>What the steps did to the rows of the bands since this was set.</summary>
    public RowCounts Counts { get; set; }

    public bool Up { get; set; }

    /// <summary>Writes a band's rows after the steps of a pass.</summary>
    /// <param name="pass">What all bands have in common; the source has the first step's growth event already.</param>
    /// <param name="firstRow">The band's first row.</param>
    /// <param name="endRow">The row after the band's last.</param>
    /// <exception cref="OperationCanceledException">The pass was cancelled, which is looked at every few rows; the band is unfinished.</exception>
    // Compiled for good at once, as the kernels: otherwise the first hundreds of runs of small fields take twice as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Advance(in BandCrew<T>.Pass pass, int firstRow, int endRow)
    {
        var growthEvents = pass.GrowthEvents.Span;
        var stepCount = growthEvents.Length;
        var (activations, clampings, isFinite) = Counts;
        var rowsTogether = stepCount == 1 ? _rowsTogetherOfOneStep : _rowsTogether;

        // The first step's rows reach the furthest, and the last one's lag behind by as much.
        var reach = stepCount - 1;
        var isUpward = pass.IsUpward && _plan.HasAnyOrder;
        for (var done = 0; done < endRow - firstRow + (2 * reach); done += rowsTogether)
        {
            pass.CancellationToken.ThrowIfCancellationRequested();
            for (var step = 1; step <= stepCount; step++)
            {
                var margin = stepCount - step;
                var front = isUpward ? endRow + reach - done - rowsTogether + (step - 1) : firstRow - reach + done - (step - 1);
                var (begin, end) = (Math.Max(front, firstRow - margin), Math.Min(front + rowsTogether, endRow + margin));
                if (!_plan.IsTorus)
                {
                    (begin, end) = (Math.Max(begin, 0), Math.Min(end, _rowCount));
                }

                var (before, after) = (step == 1 ? pass.Source : _rings[step - 2], step == stepCount ? pass.Destination : _rings[step - 1]);
                var kernel = _plan.Kernels[(step - 1) % _plan.Kernels.Length];
                int rowCount;
                for (var row = begin; row < end; row += rowCount)
                {
                    // What other bands own is not counted.
                    var isOwn = row >= firstRow && row < endRow;
                    var ownEnd = row < firstRow ? firstRow : isOwn ? endRow : end;
                    rowCount = Math.Min(Math.Min(end, ownEnd) - row, RowsFrom(row, isFirst: step == 1, isLast: step == stepCount));
                    var counts = AdvanceRows(kernel, before, after, row, rowCount, isFirst: step == 1, isLast: step == stepCount);
                    isFinite &= counts.IsFinite;
                    if (isOwn)
                    {
                        activations += counts.Activations;
                        clampings += counts.Clampings;
                    }
                }

                if (step < stepCount && growthEvents[step] is { } growthEvent)
                {
                    AddGrowthEvent(growthEvent, after, begin, end);
                }
            }
        }

        Counts = new RowCounts(activations, clampings, isFinite);
    }

    public void Dispose()
    {
        _rim?.Dispose();
        foreach (var ring in _rings)
        {
            ring.Dispose();
        }
    }

    private void AddGrowthEvent(GrowthEvent growthEvent, FieldRows<T> ring, int firstRow, int endRow)
    {
        for (var row = firstRow; row < endRow; row++)
        {
            // A small field has the same row in several places.
            if (growthEvent.Row == Wrap(row))
            {
                Unsafe.Add(ref ring.Row(RingRow(row)), growthEvent.Column) += T.CreateChecked(growthEvent.Amplitude);
            }
        }
    }

    /// <summary>How many rows from one on follow one another in memory, as do those above and those below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int RowsFrom(int row, bool isFirst, bool isLast)
    {
        if (_plan.Jitter is not null || (!_plan.IsTorus && (row == 0 || row == _rowCount - 1)))
        {
            return 1;
        }

        var (place, placeCount) = isFirst ? (Wrap(row), _rowCount) : (RingRow(row), _ringRowCount);
        var rowCount = place == 0 ? 1 : Math.Max(placeCount - 1 - place, 1);
        if (!_plan.IsTorus)
        {
            rowCount = Math.Min(rowCount, _rowCount - 1 - row);
        }

        return isLast ? rowCount : Math.Min(rowCount, _ringRowCount - RingRow(row));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowCounts AdvanceRows(StepKernel<T> kernel, FieldRows<T> before, FieldRows<T> after, int row, int rowCount, bool isFirst, bool isLast)
    {
        ref var here = ref before.Row(isFirst ? Wrap(row) : RingRow(row), rowCount);
        ref var above = ref here;
        ref var below = ref here;
        var (offset, aboveOffset, belowOffset) = (before.PlaneOffset, before.PlaneOffset, before.PlaneOffset);
        if (_plan.IsTorus || row > 0)
        {
            above = ref before.Row(isFirst ? Wrap(row - 1) : RingRow(row - 1), rowCount);
        }
        else if (_rim is not null)
        {
            above = ref Beyond(_rim, ref here, offset, out aboveOffset);
        }

        if (_plan.IsTorus || row < _rowCount - 1)
        {
            below = ref before.Row(isFirst ? Wrap(row + 1) : RingRow(row + 1), rowCount);
        }
        else if (_rim is not null)
        {
            below = ref Beyond(_rim, ref here, offset, out belowOffset);
        }

        ref var noise = ref _plan.Jitter is null ? ref Unsafe.NullRef<T>() : ref _plan.Jitter.DrawRow();
        return kernel.AdvanceRows(
            new RowStencil<T>(ref here, offset, ref above, aboveOffset, ref below, belowOffset),
            rowCount,
            before.Stride,
            ref noise,
            ref after.Row(isLast ? row : RingRow(row), rowCount),
            after.PlaneOffset,
            after.Stride);
    }

    private ref T Beyond(FieldRows<T> rim, ref T row, int offset, out int rimOffset)
    {
        _plan.FillRim(rim, ref row, offset);
        rimOffset = rim.PlaneOffset;
        return ref rim.Row(0);
    }

    private int Wrap(int row) => (uint)row < (uint)_rowCount ? row : ((row % _rowCount) + _rowCount) % _rowCount;

    /// <summary>So that the first rows of a field, from those beyond its first one on, are the first of a ring: those of a small field are not divided.</summary>
    private int RingRow(int row)
    {
        var remainder = (row + _rings.Length + 1) % _ringRowCount;
        return remainder < 0 ? remainder + _ringRowCount : remainder;
    }
}
