namespace Mfn.Core.Fractals;

/// <summary>How much a history of fields moves, in the fields' unit.</summary>
/// <param name="LyapunovExponent">
/// The mean of ln ‖difference‖ over the steps that move at all, divided by the time step: the mean log step length, per unit of time. The
/// reference calls it a Lyapunov exponent, but it depends on the unit and on the number of cells and does not measure divergence. It means
/// nothing, and is 0, if no step moves.
/// </param>
/// <param name="MeanChange">The mean of |difference| over all cells and steps, whatever the time step; 0 for a single field.</param>
/// <param name="MaxChange">The greatest |difference| of a cell in a step, whatever the time step; 0 for a single field.</param>
/// <param name="FinalStandardDeviation">The population standard deviation of the last field over its cells.</param>
/// <param name="StepCount">The steps, one less than the fields.</param>
/// <param name="MovingStepCount">The steps that are longer than <see cref="StabilityAnalyzer.LeastStepLength"/>.</param>
/// <param name="TimeStep">The time from one field to the next.</param>
public readonly record struct StabilityMetrics(
    double LyapunovExponent, double MeanChange, double MaxChange, double FinalStandardDeviation, long StepCount, long MovingStepCount, double TimeStep)
{
    /// <summary><see cref="MeanChange"/> per unit of time, as the reference has it.</summary>
    public double MeanChangeRate => MeanChange / TimeStep;

    /// <summary><see cref="MaxChange"/> per unit of time, as the reference has it.</summary>
    public double MaxChangeRate => MaxChange / TimeStep;

    /// <summary>Whether the steps are, in the geometric mean, shorter than 1 in the fields' unit; false where nothing moves.</summary>
    public bool IsStable => LyapunovExponent < 0.0;

    /// <summary>The metrics of fields that follow one another in one span.</summary>
    /// <param name="history">The fields, each of <paramref name="cellCount"/> cells; at least one.</param>
    /// <param name="cellCount">The cells of a field; at least 1.</param>
    /// <param name="timeStep">The time from one field to the next, in <see cref="StabilityAnalyzer.TimeStepRange"/>.</param>
    /// <exception cref="ArgumentException">The history is not a whole number of fields, or a cell is not finite.</exception>
    public static StabilityMetrics Of(ReadOnlySpan<double> history, int cellCount, double timeStep = 1.0)
    {
        var analyzer = new StabilityAnalyzer(cellCount, timeStep);
        if (history.IsEmpty || history.Length % cellCount != 0)
        {
            throw new ArgumentException(
                $"A history must be one or more fields of {cellCount} cells, but has {history.Length} cells.", nameof(history));
        }

        for (; !history.IsEmpty; history = history[cellCount..])
        {
            analyzer.Add(history[..cellCount]);
        }

        return analyzer.Measure();
    }
}
