using Mfn.Core.Fields;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Fractals;

/// <summary>
/// Takes the fields of a history one by one and measures how much they move. Memory does not grow with the history. Not thread-safe.
/// </summary>
public sealed class StabilityAnalyzer
{
    /// <summary>
    /// The length of a step, in the fields' unit, up to which it counts as none, as the reference has it: it is rounding noise, and its logarithm
    /// would dominate the mean.
    /// </summary>
    public const double LeastStepLength = 1e-10;

    /// <summary>The times from one field to the next that leave everything finite that is divided by them.</summary>
    public static ParameterRange TimeStepRange { get; } = new(1e-100, 1e100);

    private readonly double[] _last;
    private readonly double[] _scratch;
    private readonly double _timeStep;
    private readonly PairwiseAccumulator _changes = new();

    private double _greatestChange;
    private double _logLengthSum;
    private long _movingStepCount;

    /// <summary>An analyzer that has seen no field.</summary>
    /// <param name="cellCount">The cells of a field; at least 1.</param>
    /// <param name="timeStep">The time from one field to the next, in <see cref="TimeStepRange"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no cell, or the time step is out of its range.</exception>
    public StabilityAnalyzer(int cellCount, double timeStep = 1.0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cellCount, 1);
        if (!TimeStepRange.Contains(timeStep))
        {
            throw new ArgumentOutOfRangeException(nameof(timeStep), timeStep, $"The time step must be {TimeStepRange}.");
        }

        _last = new double[cellCount];
        _scratch = new double[cellCount];
        _timeStep = timeStep;
    }

    /// <summary>The fields added so far.</summary>
    public long FrameCount { get; private set; }

    /// <summary>The mean log step length per unit of time; 0 while no step has moved. See <see cref="StabilityMetrics"/>.</summary>
    public double LyapunovExponent => _movingStepCount == 0 ? 0.0 : _logLengthSum / (_movingStepCount * _timeStep);

    /// <summary>Adds the next field.</summary>
    /// <exception cref="ArgumentException">It has another number of cells, or one that is not finite; nothing is changed.</exception>
    public void Add(ReadOnlySpan<double> field)
    {
        if (field.Length != _last.Length)
        {
            throw new ArgumentException($"The field must have {_last.Length} cells, but has {field.Length}.", nameof(field));
        }

        if (NonFiniteCells.In(field) is { IsNone: false } found)
        {
            throw new ArgumentException($"Field {FrameCount} must be finite, but has {found}.", nameof(field));
        }

        if (FrameCount > 0)
        {
            AddStep(field);
        }

        field.CopyTo(_last);
        FrameCount++;
    }

    /// <summary>The metrics of the fields added so far.</summary>
    /// <exception cref="InvalidOperationException">No field was added.</exception>
    public StabilityMetrics Measure()
    {
        if (FrameCount == 0)
        {
            throw new InvalidOperationException("There must be at least one field.");
        }

        return new StabilityMetrics(
            LyapunovExponent,
            FrameCount == 1 ? 0.0 : _changes.Mean,
            _greatestChange,
            FieldStatistics.Of(_last).StandardDeviation,
            FrameCount - 1,
            _movingStepCount,
            _timeStep);
    }

    private void AddStep(ReadOnlySpan<double> field)
    {
        for (var i = 0; i < field.Length; i++)
        {
            _scratch[i] = Math.Abs(field[i] - _last[i]);
            _greatestChange = Math.Max(_greatestChange, _scratch[i]);
        }

        _changes.Add(_scratch);
        foreach (ref var change in _scratch.AsSpan())
        {
            change *= change;
        }

        var length = Math.Sqrt(PairwiseSum.Of(_scratch));
        if (length > LeastStepLength)
        {
            _logLengthSum += Math.Log(length);
            _movingStepCount++;
        }
    }
}
