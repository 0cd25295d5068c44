using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// The point with the smallest sum of distances from all updates. Needs n >= 2f + 1. It is no farther than 2 (n - f) / (n - 2f) times the
/// radius of any ball around all honest updates from that ball's centre. Steps begin at the coordinate-wise median and end at a point from
/// which the next one would be no longer than the tolerance times the median distance, which Byzantine updates cannot stretch, or at an
/// update that is proved to be the only median; then it is converged. They also end when there have been too many, and then it is not.
/// </summary>
/// <remarks>
/// There are infinitely many medians only if all updates lie on one line and the two in the middle differ: all points between these two. The
/// coordinate-wise median is the one half way, and since it is optimal already, it is kept. The vector does not depend on the updates' names:
/// the updates are added in an order that their components decide.
/// <para>
/// K. Pillutla, S. M. Kakade and Z. Harchaoui, "Robust Aggregation for Federated Learning", 2022; the steps are from Y. Vardi and
/// C.-H. Zhang, "The multivariate L1-median and associated data depth", 2000, which unlike Weiszfeld's do not stop at an update.
/// There is no variant that stops after a few smoothed steps, as ByzFL's does: where it stops depends on the start, and it is no median.
/// </para>
/// </remarks>
public sealed class GeometricMedian : IAggregationRule
{
    /// <summary>The tolerance unless told otherwise.</summary>
    public const double DefaultTolerance = 1e-10;

    /// <summary>The most steps unless told otherwise.</summary>
    public const int DefaultMaxStepCount = 5000;

    // Pulls of unit vectors are no more exact than this in long vectors.
    private const double PullError = 1e-9;

    // Updates that are off a line by so little pull an update in the middle with a force that differs from that on the line by PullError.
    private const double LeastAlignment = 1 - 1e-8;

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

    /// <summary>How many steps it takes at most.</summary>
    public int MaxStepCount => _maxStepCount;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("geometric-median", 2, 1);

    /// <inheritdoc/>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var places = OrderByContent(updates, cancellationToken);
        var ordered = updates.Take(places);
        var point = Array.ConvertAll(CoordinateWise.Median(updates, threadCount: threadCount, cancellationToken: cancellationToken), component => (double)component);
        var distances = new double[updates.Count];
        var next = new double[updates.Length];
        var iterationCount = 0;
        var isConverged = false;
        var isRuledOut = new bool[updates.Count];
        while (!isConverged && iterationCount < _maxStepCount)
        {
            iterationCount++;
            Measure(ordered, point, distances, cancellationToken);
            var nearest = Array.IndexOf(distances, distances.Min());
            if (!isRuledOut[nearest] && IsOnlyMedian(ordered, nearest, cancellationToken))
            {
                Widen(ordered[nearest], point);
                isConverged = true;
                break;
            }

            isRuledOut[nearest] = true;
            var shortest = _tolerance * MedianOf(distances);
            var step = Step(ordered, point, distances, 0, next, cancellationToken);
            if (step <= shortest && distances[nearest] > 0 && distances[nearest] <= shortest)
            {
                // An update so near holds the point by its pull alone, wherever the median is. The step from the update itself decides.
                step = Step(ordered, point, distances, shortest, next, cancellationToken);
            }

            isConverged = step <= shortest;
            if (!isConverged)
            {
                (point, next) = (next, point);
            }
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

    /// <summary>The updates' places, ordered by norm and, of equal norms, by components.</summary>
    private static int[] OrderByContent(UpdateSet updates, CancellationToken cancellationToken)
    {
        var (left, right) = (default(float[]), default(float[]));
        var norms = new double[updates.Count];
        for (var i = 0; i < norms.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            norms[i] = SquaredDistance.ToOrigin(updates.View(i, ref left));
        }

        int[] places = [.. Enumerable.Range(0, norms.Length)];
        Array.Sort(places, (a, b) => norms[a] == norms[b]
            ? updates.View(a, ref left).SequenceCompareTo(updates.View(b, ref right))
            : norms[a].CompareTo(norms[b]));
        return places;
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

    /// <summary>
    /// An update is a median if the unit vectors towards the others pull no more than as many as are at its place. It is the only one if they
    /// pull less, or if not all updates are on one line.
    /// </summary>
    private static bool IsOnlyMedian(UpdateSet updates, int index, CancellationToken cancellationToken)
    {
        var point = new double[updates.Length];
        Widen(updates[index], point);
        var distances = new double[updates.Count];
        Measure(updates, point, distances, cancellationToken);
        var pull = new double[updates.Length];
        Pull(updates, point, distances, 0, pull, cancellationToken);
        var relativePull = Norm(pull) / distances.Count(distance => distance == 0);
        return relativePull < 1 - PullError
            || (relativePull <= 1 + PullError && !AreOnOneLine(updates, point, distances, cancellationToken));
    }

    /// <summary>Whether all updates lie, as far as doubles can tell, on one line through a point.</summary>
    private static bool AreOnOneLine(UpdateSet updates, double[] point, double[] distances, CancellationToken cancellationToken)
    {
        float[]? buffer = null;
        var direction = new double[point.Length];
        var farthest = Array.IndexOf(distances, distances.Max());
        Widen(updates[farthest], direction);
        for (var i = 0; i < direction.Length; i++)
        {
            direction[i] = (direction[i] - point[i]) / distances[farthest];
        }

        for (var update = 0; update < updates.Count; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vector = updates.View(update, ref buffer);
            var alignment = 0.0;
            for (var i = 0; i < direction.Length; i++)
            {
                alignment += (vector[i] - point[i]) * direction[i];
            }

            if (Math.Abs(alignment) < LeastAlignment * distances[update])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>One step; returns its length. Updates within reach count as being at the point's place.</summary>
    private static double Step(
        UpdateSet updates, double[] point, double[] distances, double reach, double[] next, CancellationToken cancellationToken)
    {
        Pull(updates, point, distances, reach, next, cancellationToken);
        var pull = Norm(next);
        var multiplicity = distances.Count(distance => distance <= reach);
        if (pull <= multiplicity)
        {
            point.CopyTo(next, 0);
            return 0;
        }

        var inverse = distances.Where(distance => distance > reach).Sum(distance => 1 / distance);
        var factor = (1 - (multiplicity / pull)) / inverse;
        for (var i = 0; i < next.Length; i++)
        {
            next[i] = point[i] + (factor * next[i]);
        }

        return factor * pull;
    }

    /// <summary>The sum of the unit vectors from a point to the updates that are out of its reach.</summary>
    private static void Pull(
        UpdateSet updates, double[] point, double[] distances, double reach, double[] destination, CancellationToken cancellationToken)
    {
        Array.Clear(destination);
        float[]? buffer = null;
        for (var update = 0; update < updates.Count; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vector = updates.View(update, ref buffer);
            var distance = distances[update];
            for (var i = 0; distance > reach && i < vector.Length; i++)
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
