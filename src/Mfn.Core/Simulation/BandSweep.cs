using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Simulation;

/// <summary>
/// Takes a band of rows through several steps in one pass over memory. The rows between the first and the last step live in a ring of three
/// a step, which stays in the cache: as soon as a step has three neighbouring rows, the next one takes the middle one further.
/// </summary>
/// <remarks>
/// A band also computes the rows next to it that its later steps read, one fewer on either side in every step, instead of waiting for who owns
/// them: overlapped tiling. Any division into bands gives the same bits, since a cell's value does not depend on who computes it.
/// </remarks>
internal sealed class BandSweep<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int RowsPerStep = 3;

    // Of one step: the kernel begins once for them. More would make a cancelled pass of wide rows go on for long.
    private const int RowsTogether = 64;

    private readonly SweepPlan<T> _plan;
    private readonly int _rowCount;
    private readonly FieldRows<T>? _rim;
    private readonly FieldRows<T>[] _rings;

    /// <summary>A sweep of at most <paramref name="maxStepCount"/> steps.</summary>
    public BandSweep(SweepPlan<T> plan, int maxStepCount)
    {
        _plan = plan;
        _rowCount = plan.RowCount;
        // A cache line apart: rows a power of two apart would compete for the same places of the cache.
        var stride = FieldRows<T>.RoundUp(plan.ColumnCount) + FieldRows<T>.RoundUp(1);
        _rim = plan.CreateRim(stride);
        _rings = new FieldRows<T>[maxStepCount - 1];
        for (var i = 0; i < _rings.Length; i++)
        {
            _rings[i] = new FieldRows<T>(RowsPerStep, stride, plan.PlaneCount);
        }
    }

    /// <summary>What the steps did to the rows of the bands since this was set.</summary>
    public RowCounts Counts { get; set; }

    /// <summary>Writes a band's rows after the steps of a pass.</summary>
    /// <param name="pass">What all bands have in common; the source has the first step's growth event already.</param>
    /// <param name="firstRow">The band's first row.</param>
    /// <param name="endRow">The row after the band's last.</param>
    /// <exception cref="OperationCanceledException">The pass was cancelled, which is looked at every few rows; the band is unfinished.</exception>
    public void Advance(in BandCrew<T>.Pass pass, int firstRow, int endRow)
    {
        var growthEvents = pass.GrowthEvents.Span;
        var stepCount = growthEvents.Length;
        var (activations, clampings, isFinite) = Counts;
        int rowCount;
        for (var front = firstRow - stepCount + 1; front < endRow + stepCount - 1; front += rowCount)
        {
            pass.CancellationToken.ThrowIfCancellationRequested();
            rowCount = stepCount == 1 ? RowsFrom(front, endRow) : 1;
            for (var step = 1; step <= stepCount; step++)
            {
                var row = front - step + 1;
                var margin = stepCount - step;
                if (row < firstRow - margin || row >= endRow + margin || (!_plan.IsTorus && (row < 0 || row >= _rowCount)))
                {
                    continue;
                }

                var (before, after) = (step == 1 ? pass.Source : _rings[step - 2], step == stepCount ? pass.Destination : _rings[step - 1]);
                var kernel = _plan.Kernels[(step - 1) % _plan.Kernels.Length];
                var counts = AdvanceRows(kernel, before, after, row, rowCount, isFirst: step == 1, isLast: step == stepCount);
                isFinite &= counts.IsFinite;
                if (row >= firstRow && row < endRow)
                {
                    activations += counts.Activations;
                    clampings += counts.Clampings;
                }

                if (step < stepCount && growthEvents[step] is { } growthEvent && growthEvent.Row == Wrap(row))
                {
                    Unsafe.Add(ref after.Row(RingRow(row)), growthEvent.Column) += T.CreateChecked(growthEvent.Amplitude);
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

    /// <summary>How many rows one step can take together: those whose neighbours lie where they do in memory.</summary>
    private int RowsFrom(int row, int endRow)
    {
        var lastRow = _rowCount - 1;
        return _plan.Jitter is not null || row == 0 || row == lastRow ? 1 : Math.Min(RowsTogether, Math.Min(endRow, lastRow) - row);
    }

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
            _plan.ColumnCount,
            ref noise,
            ref after.Row(isLast ? row : RingRow(row), rowCount),
            after.PlaneOffset);
    }

    private ref T Beyond(FieldRows<T> rim, ref T row, int offset, out int rimOffset)
    {
        _plan.FillRim(rim, ref row, offset);
        rimOffset = rim.PlaneOffset;
        return ref rim.Row(0);
    }

    private int Wrap(int row) => (uint)row < (uint)_rowCount ? row : ((row % _rowCount) + _rowCount) % _rowCount;

    private static int RingRow(int row)
    {
        var remainder = row % RowsPerStep;
        return remainder < 0 ? remainder + RowsPerStep : remainder;
    }
}
