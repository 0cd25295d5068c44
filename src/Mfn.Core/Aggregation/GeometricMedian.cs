using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation;

/// <summary>
/// The point with the smallest sum of distances from all updates. Needs n >= 2f + 1. The steps end when one is no longer than the tolerance
/// times the median distance, which Byzantine updates cannot stretch, or the point is an update that is proved to be the median; then it is
/// converged. They also end when there have been too many, and then it is not. With infinitely many medians it is the one that the steps reach from the coordinate-wise median. It is no farther than
/// 2 (n - f) / (n - 2f) times the radius of any ball around all honest updates from that ball's centre.
/// </summary>
/// <remarks>
/// K. Pillutla, S. M. Kakade and Z. Harchaoui, "Robust Aggregation for Federated Learning", 2022; the steps are from Y. Vardi and
/// C.-H. Zhang, "The multivariate L1-median and associated data depth", 2000, which unlike Weiszfeld's do not stop at an update.
/// There is no variant that stops after a few smoothed steps, as ByzFL's does: where it stops depends on the start, and it is no median.
/// </remarks>
public sealed class GeometricMedian : IAggregationRule
{
    /// <summary>The tolerance unless told otherwise.</summary>
    public const double DefaultTolerance = 1e-10;

    /// <summary>The most steps unless told otherwise.</summary>
    public const int DefaultMaxStepCount = 5000;

    private readonly double _tolerance;
    private readonly int _maxStepCount;

    /// <summary>A rule with a tolerance, the last step's length as a part of the updates' median distance from the point.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance or the number of steps is out of its range.</exception>
    public GeometricMedian(double tolerance = DefaultTolerance, int maxStepCount = DefaultMaxStepCount)
    {
        if (!Tolerances.Contains(tolerance))
        {
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"The tolerance must be {Tolerances}.");
        }

        if (!StepCounts.Contains(maxStepCount))
        {
            throw new ArgumentOutOfRangeException(nameof(maxStepCount), maxStepCount, $"The steps must be {StepCounts}.");
        }

        _tolerance = tolerance;
        _maxStepCount = maxStepCount;
    }

    /// <summary>The tolerances that mean something: smaller steps are lost in the rounding of doubles.</summary>
    public static ParameterRange Tolerances { get; } = new(1e-14, 0.1);

    /// <summary>How many steps may be allowed.</summary>
    public static ParameterRange StepCounts { get; } = new(1, 10_000);

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("geometric-median", 2, 1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var point = Array.ConvertAll(CoordinateWise.Median(updates, threadCount: threadCount, cancellationToken: cancellationToken), component => (double)component);
        var distances = new double[updates.Count];
        var next = new double[updates.Length];
        var iterationCount = 0;
        var isConverged = false;
        var isRuledOut = new bool[updates.Count];
        while (!isConverged && iterationCount < _maxStepCount)
        {
            iterationCount++;
            Measure(updates, point, distances, cancellationToken);
            var nearest = Array.IndexOf(distances, distances.Min());
            if (!isRuledOut[nearest] && IsMedian(updates, nearest, cancellationToken))
            {
                Widen(updates[nearest], point);
                isConverged = true;
                break;
            }

            isRuledOut[nearest] = true;
            var step = Step(updates, point, distances, next, cancellationToken);
            (point, next) = (next, point);
            isConverged = step <= _tolerance * MedianOf(distances);
        }

        Measure(updates, point, distances, cancellationToken);
        return AggregationResult.OfAll(
            Precondition.Rule, updates, byzantineCount, Array.ConvertAll(point, component => (float)component)) with
        {
            Scores = [.. distances],
            IterationCount = iterationCount,
            IsConverged = isConverged,
        };
    }

    private static void Measure(UpdateSet updates, double[] point, double[] distances, CancellationToken cancellationToken)
    {
        float[]? buffer = null;
        for (var i = 0; i < distances.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            distances[i] = Math.Sqrt(SquaredDistance.Between(updates.View(i, ref buffer), point));
        }
    }

    private static double MedianOf(double[] distances) => distances.Order().ElementAt((distances.Length - 1) / 2);

    /// <summary>An update is the median if the unit vectors towards the others pull no more than as many as are at its place.</summary>
    private static bool IsMedian(UpdateSet updates, int index, CancellationToken cancellationToken)
    {
        var point = new double[updates.Length];
        Widen(updates[index], point);
        var distances = new double[updates.Count];
        Measure(updates, point, distances, cancellationToken);
        var pull = new double[updates.Length];
        Pull(updates, point, distances, pull, cancellationToken);
        return Norm(pull) <= distances.Count(distance => distance == 0);
    }

    /// <summary>One step; returns its length.</summary>
    private static double Step(UpdateSet updates, double[] point, double[] distances, double[] next, CancellationToken cancellationToken)
    {
        Pull(updates, point, distances, next, cancellationToken);
        var pull = Norm(next);
        var multiplicity = distances.Count(distance => distance == 0);
        if (pull <= multiplicity)
        {
            point.CopyTo(next, 0);
            return 0;
        }

        var inverse = distances.Where(distance => distance > 0).Sum(distance => 1 / distance);
        var factor = (1 - (multiplicity / pull)) / inverse;
        for (var i = 0; i < next.Length; i++)
        {
            next[i] = point[i] + (factor * next[i]);
        }

        return factor * pull;
    }

    /// <summary>The sum of the unit vectors from a point to the updates that are elsewhere.</summary>
    private static void Pull(
        UpdateSet updates, double[] point, double[] distances, double[] destination, CancellationToken cancellationToken)
    {
        Array.Clear(destination);
        float[]? buffer = null;
        for (var update = 0; update < updates.Count; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vector = updates.View(update, ref buffer);
            var distance = distances[update];
            for (var i = 0; distance > 0 && i < vector.Length; i++)
            {
                destination[i] += (vector[i] - point[i]) / distance;
            }
        }
    }

    private static void Widen(ReadOnlySpan<float> vector, double[] destination)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            destination[i] = vector[i];
        }
    }

    private static double Norm(double[] vector)
    {
        var sum = 0.0;
        foreach (var component in vector)
        {
            sum += component * component;
        }

        return Math.Sqrt(sum);
    }
}
