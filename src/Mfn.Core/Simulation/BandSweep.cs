using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;

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

    private readonly SimulationSpec _spec;
    private readonly StepKernel<T> _kernel;
    private readonly bool _isTorus;
    private readonly FieldRows<T>? _zeros;
    private readonly FieldRows<T>[] _rings;
    private readonly Jitter<T>? _jitter;

    /// <summary>A sweep of at most <paramref name="maxStepCount"/> steps.</summary>
    public BandSweep(SimulationSpec spec, StepKernel<T> kernel, int maxStepCount, Jitter<T>? jitter)
    {
        _spec = spec;
        _kernel = kernel;
        _jitter = jitter;
        _isTorus = spec.Boundary == Boundary.Periodic;
        var stride = FieldRows<T>.RoundUp(spec.GridSize);
        _zeros = spec.Boundary == Boundary.Dirichlet ? new FieldRows<T>(1, stride, hasSpecies: false) : null;
        _zeros?.Potential.Clear();
        _rings = new FieldRows<T>[maxStepCount - 1];
        for (var i = 0; i < _rings.Length; i++)
        {
            _rings[i] = new FieldRows<T>(RowsPerStep, stride, spec.IsTuringEnabled);
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
                if (row < firstRow - margin || row >= endRow + margin || (!_isTorus && (row < 0 || row >= _spec.GridSize)))
                {
                    continue;
                }

                var (before, after) = (step == 1 ? pass.Source : _rings[step - 2], step == stepCount ? pass.Destination : _rings[step - 1]);
                var counts = AdvanceRows(before, after, row, rowCount, isFirst: step == 1, isLast: step == stepCount);
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
        _zeros?.Dispose();
        foreach (var ring in _rings)
        {
            ring.Dispose();
        }
    }

    /// <summary>How many rows one step can take together: those whose neighbours lie where they do in memory.</summary>
    private int RowsFrom(int row, int endRow)
    {
        var lastRow = _spec.GridSize - 1;
        return _jitter is not null || row == 0 || row == lastRow ? 1 : Math.Min(RowsTogether, Math.Min(endRow, lastRow) - row);
    }

    private RowCounts AdvanceRows(FieldRows<T> before, FieldRows<T> after, int row, int rowCount, bool isFirst, bool isLast)
    {
        ref var here = ref before.Row(isFirst ? Wrap(row) : RingRow(row), rowCount);
        ref var above = ref here;
        ref var below = ref here;
        var (offset, aboveOffset, belowOffset) = (before.PlaneOffset, before.PlaneOffset, before.PlaneOffset);
        if (_isTorus || row > 0)
        {
            above = ref before.Row(isFirst ? Wrap(row - 1) : RingRow(row - 1), rowCount);
        }
        else if (_zeros is not null)
        {
            above = ref _zeros.Row(0);
            aboveOffset = 0;
        }

        if (_isTorus || row < _spec.GridSize - 1)
        {
            below = ref before.Row(isFirst ? Wrap(row + 1) : RingRow(row + 1), rowCount);
        }
        else if (_zeros is not null)
        {
            below = ref _zeros.Row(0);
            belowOffset = 0;
        }

        ref var noise = ref _jitter is null ? ref Unsafe.NullRef<T>() : ref _jitter.DrawRow();
        return _kernel.AdvanceRows(
            new RowStencil<T>(ref here, offset, ref above, aboveOffset, ref below, belowOffset),
            rowCount,
            _spec.GridSize,
            ref noise,
            ref after.Row(isLast ? row : RingRow(row), rowCount),
            after.PlaneOffset);
    }

    private int Wrap(int row) => row < 0 ? row + _spec.GridSize : row >= _spec.GridSize ? row - _spec.GridSize : row;

    private static int RingRow(int row)
    {
        var remainder = row % RowsPerStep;
        return remainder < 0 ? remainder + RowsPerStep : remainder;
    }
}
