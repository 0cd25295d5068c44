using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Mfn.Server.Pricing;

/// <summary>
/// How long work takes on this machine, as its own work tells while it goes: for each kind the time that it took over the time by the constants of the price list. A
/// kind that has not been seen is as that of the nearest size, else as others of its sort. Thread-safe.
/// </summary>
internal sealed class Calibration
{
    // The price list makes some hundred kinds; this many come only from a file that something else wrote.
    private const int MostKinds = 4096;

    // Beyond, a measurement says something about the clock and not about the machine.
    private const double LeastFactor = 1e-3;
    private const double MostFactor = 1e3;

    private readonly ConcurrentDictionary<WorkKind, KindCalibration> _kinds = [];
    private long _noteCount;

    /// <summary>How many measurements there were: when it has grown there is something to keep.</summary>
    public long NoteCount => Volatile.Read(ref _noteCount);

    /// <summary>The latest measurements by kind.</summary>
    public ImmutableArray<(WorkKind Kind, ImmutableArray<double> Factors)> Latest =>
        [.. _kinds.Select(pair => (pair.Key, pair.Value.Latest)).OrderBy(pair => pair.Key.Name, StringComparer.Ordinal).ThenBy(pair => pair.Key.SizeClass)];

    /// <summary>Notes how long some work took.</summary>
    /// <param name="kind">What it was.</param>
    /// <param name="statedSeconds">What it would take by the price list.</param>
    /// <param name="taken">What it took.</param>
    public void Note(WorkKind kind, double statedSeconds, TimeSpan taken)
    {
        if (statedSeconds > 0 && taken > TimeSpan.Zero)
        {
            Note(kind, Math.Clamp(taken.TotalSeconds / statedSeconds, LeastFactor, MostFactor));
        }
    }

    /// <summary>Takes up measurements of before.</summary>
    /// <exception cref="ArgumentException">They are not what could have been noted; none is taken up.</exception>
    public void Restore(IReadOnlyCollection<(WorkKind Kind, ImmutableArray<double> Factors)> latest)
    {
        if (latest.Count > MostKinds || latest.Any(each => each.Factors.Length > KindCalibration.Capacity || each.Factors.Any(factor => !(factor is >= LeastFactor and <= MostFactor))))
        {
            throw new ArgumentException($"There must be at most {MostKinds} kinds with {KindCalibration.Capacity} factors of {LeastFactor} to {MostFactor} each.", nameof(latest));
        }

        foreach (var (kind, factors) in latest)
        {
            foreach (var factor in factors)
            {
                Note(kind, factor);
            }
        }
    }

    /// <summary>How long work of a price takes.</summary>
    public TimeSpan Predict(Price price)
    {
        var seconds = price.Parts.Sum(PredictSeconds);
        return seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue / 2;
    }

    /// <summary>How long a part of it takes.</summary>
    public double PredictSeconds(Work part) => part.StatedSeconds * FactorOf(part.Kind);

    /// <summary>Whether the prediction of a part is by measurements of its kind, and not by those of others or by constants.</summary>
    public bool IsMeasured(Work part) => _kinds.ContainsKey(part.Kind);

    private void Note(WorkKind kind, double factor)
    {
        _kinds.GetOrAdd(kind, static _ => new KindCalibration()).Note(factor);
        Interlocked.Increment(ref _noteCount);
    }

    private double FactorOf(WorkKind kind)
    {
        if (_kinds.TryGetValue(kind, out var own))
        {
            return own.Factor;
        }

        var (nearest, distance) = (1.0, int.MaxValue);
        foreach (var (other, calibration) in _kinds)
        {
            if (other.Name == kind.Name && Math.Abs(other.SizeClass - kind.SizeClass) < distance)
            {
                (nearest, distance) = (calibration.Factor, Math.Abs(other.SizeClass - kind.SizeClass));
            }
        }

        if (distance < int.MaxValue)
        {
            return nearest;
        }

        var sort = kind.Sort;
        double[] factors = [.. _kinds.Where(pair => pair.Key.Sort == sort).Select(pair => pair.Value.Factor).Order()];
        return factors.Length == 0 ? 1 : factors[(factors.Length - 1) / 2];
    }
}
