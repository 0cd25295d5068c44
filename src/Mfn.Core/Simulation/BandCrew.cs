using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Mfn.Core.Simulation;

/// <summary>
/// Divides a pass into bands of rows, which the caller's thread takes one after the other, and so does every helper that gets a turn in time.
/// Makes no garbage.
/// </summary>
internal sealed class BandCrew<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Of cells times steps: below, about a third of a millisecond, waking a helper costs as much as it gains.
    private const long LeastSharedWork = 1 << 18;
    private const int RowsPerBand = 128;
    private const int MaxBandsPerThread = 4;

    private readonly BandSweep<T> _ownSweep;
    private readonly Helper[] _helpers;
    private readonly Action<IThreadPoolWorkItem> _queue;
    private readonly int _rowCount;
    private readonly int _columnCount;
    private readonly int _bandCount;
    private readonly object _done = new();

    // Other rows first than in the pass before, whose last ones are still in the cache.
    private bool _isUpward;

    private Pass _pass;
    private int _nextBand;
    private int _undoneCount;
    private ExceptionDispatchInfo? _error;

    /// <summary>A crew of the caller and the helpers, or of the caller alone if the field is small.</summary>
    /// <param name="rowCount">The rows of the field.</param>
    /// <param name="columnCount">The columns of the field.</param>
    /// <param name="maxStepCount">The most steps of a pass.</param>
    /// <param name="helpers">Who may help.</param>
    /// <param name="createSweep">Makes what one of them computes with.</param>
    public BandCrew(int rowCount, int columnCount, int maxStepCount, StepHelpers helpers, Func<BandSweep<T>> createSweep)
    {
        (_rowCount, _columnCount) = (rowCount, columnCount);
        _queue = helpers.Queue;
        _ownSweep = createSweep();
        _helpers = new Helper[Work(maxStepCount) < LeastSharedWork ? 0 : helpers.Count];
        for (var i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Helper(this, createSweep());
        }

        var threadCount = 1 + _helpers.Length;
        _bandCount = Math.Min(rowCount, Math.Clamp(rowCount / RowsPerBand, threadCount, threadCount * MaxBandsPerThread));
        _nextBand = _bandCount;
    }

    /// <summary>Writes the fields after the steps of a pass.</summary>
    /// <exception cref="OperationCanceledException">The pass was cancelled; its destination is unfinished.</exception>
    // Compiled for good at once, as the kernels: otherwise the first hundreds of runs of small fields take twice as long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowCounts Advance(in Pass pass)
    {
        _isUpward = !_isUpward;
        var directed = pass with { IsUpward = _isUpward };
        if (_helpers.Length == 0 || Work(pass.GrowthEvents.Length) < LeastSharedWork)
        {
            _ownSweep.Counts = RowCounts.None;
            _ownSweep.Advance(directed, 0, _rowCount);
            return _ownSweep.Counts;
        }

        _pass = directed;
        _error = null;
        _undoneCount = _bandCount;
        _ownSweep.Counts = RowCounts.None;
        foreach (var helper in _helpers)
        {
            helper.Sweep.Counts = RowCounts.None;
        }

        // From here on helpers find bands to do.
        Volatile.Write(ref _nextBand, 0);
        foreach (var helper in _helpers)
        {
            if (helper.TryReserve())
            {
                _queue(helper);
            }
        }

        TakeBands(_ownSweep);
        AwaitHelpers();
        _error?.Throw();
        var counts = _ownSweep.Counts;
        foreach (var helper in _helpers)
        {
            counts = counts.Plus(helper.Sweep.Counts);
        }

        return counts;
    }

    /// <summary>Gives the memory back. A helper whose turn has yet to come finds nothing to do.</summary>
    public void Dispose()
    {
        _ownSweep.Dispose();
        foreach (var helper in _helpers)
        {
            helper.Sweep.Dispose();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The caller's thread throws it.")]
    private void TakeBands(BandSweep<T> sweep)
    {
        for (var band = Interlocked.Increment(ref _nextBand) - 1; band < _bandCount; band = Interlocked.Increment(ref _nextBand) - 1)
        {
            try
            {
                var place = _pass.IsUpward ? _bandCount - 1 - band : band;
                sweep.Advance(_pass, firstRow: Begin(place), endRow: Begin(place + 1));
            }
            catch (Exception error)
            {
                // The caller must not hear of it before nobody works on the pass any more.
                _error = ExceptionDispatchInfo.Capture(error);
            }

            if (Interlocked.Decrement(ref _undoneCount) == 0)
            {
                lock (_done)
                {
                    Monitor.PulseAll(_done);
                }
            }
        }
    }

    /// <summary>Until the bands that helpers have begun are done: for a moment awake, since all bands end at about the same time.</summary>
    private void AwaitHelpers()
    {
        const int WakefulTurns = 100;
        var spin = default(SpinWait);
        while (Volatile.Read(ref _undoneCount) != 0 && spin.Count < WakefulTurns)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        lock (_done)
        {
            while (Volatile.Read(ref _undoneCount) != 0)
            {
                Monitor.Wait(_done);
            }
        }
    }

    private long Work(int stepCount) => (long)_rowCount * _columnCount * stepCount;

    private int Begin(int band) => (int)((long)_rowCount * band / _bandCount);

    /// <summary>The fields before and after, the growth events that the steps begin with, and what ends the pass early.</summary>
    internal readonly record struct Pass(
        FieldRows<T> Source, FieldRows<T> Destination, ReadOnlyMemory<GrowthEvent?> GrowthEvents, CancellationToken CancellationToken)
    {
        /// <summary>Whether the last rows come first.</summary>
        public bool IsUpward { get; init; }
    }

    private sealed class Helper(BandCrew<T> crew, BandSweep<T> sweep) : IThreadPoolWorkItem
    {
        private int _isReserved;

        public BandSweep<T> Sweep { get; } = sweep;

        /// <summary>Whether it was free, and is no longer.</summary>
        public bool TryReserve() => Interlocked.Exchange(ref _isReserved, 1) == 0;

        public void Execute()
        {
            crew.TakeBands(Sweep);
            Volatile.Write(ref _isReserved, 0);
        }
    }
}
