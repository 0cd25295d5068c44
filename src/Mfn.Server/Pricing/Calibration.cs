using System.Collections.Concurrent;

namespace Mfn.Server.Pricing;

/// <summary>
/// How long work takes on this machine, as its own work tells while it goes: for each kind the time that it took, over that by the constants of the price list.
/// Thread-safe.
/// </summary>
internal sealed class Calibration
{
    // Beyond, a measurement says something about the clock and not about the machine.
    private const double LeastFactor = 1e-3;
    private const double MostFactor = 1e3;

    private readonly ConcurrentDictionary<WorkKind, KindCalibration> _kinds = [];

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

    /// <summary>How long work of a price takes.</summary>
    public TimeSpan Predict(Price price)
    {
        var seconds = price.Parts.Sum(PredictSeconds);
        return seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue / 2;
    }

    /// <summary>How long a part of it takes.</summary>
    public double PredictSeconds(Work part) => part.StatedSeconds * FactorOf(part.Kind);

    private void Note(WorkKind kind, double factor) => _kinds.GetOrAdd(kind, static _ => new KindCalibration()).Note(factor);

    private double FactorOf(WorkKind kind) => _kinds.TryGetValue(kind, out var own) ? own.Factor : 1;
}
