using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// Starts somewhere and goes, L times, to the mean of the updates clipped to a ball around: v + Σ (x - v) min(1, τ / ‖x - v‖) / n. Needs
/// n >= 2f + 1; the paper's guarantee needs f / n &lt;= 0.1 and a start near the honest mean. Whatever they are, f updates move it by at
/// most L τ f / n.
/// </summary>
/// <remarks>S. P. Karimireddy, L. He and M. Jaggi, "Learning from History for Byzantine Robust Optimization", 2021.</remarks>
public sealed class CenteredClipping : IAggregationRule
{
    private readonly double _radius;
    private readonly int _stepCount;
    private readonly ReadOnlyMemory<float>? _start;

    /// <summary>A rule with radius τ, L steps and a start, such as the last round's aggregate, or the origin.</summary>
    public CenteredClipping(double radius = 10, int stepCount = 3, ReadOnlyMemory<float>? start = null)
    {
        if (!new ParameterRange(double.Epsilon, double.MaxValue).Contains(radius))
        {
            throw new ArgumentOutOfRangeException(nameof(radius), radius, "The radius must be finite and above 0.");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stepCount);
        if (start is { } vector && vector.Span.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
        {
            throw new ArgumentException("The start must be finite.", nameof(start));
        }

        _radius = radius;
        _stepCount = stepCount;
        _start = start;
    }

    /// <summary>L.</summary>
    public int StepCount => _stepCount;

    /// <inheritdoc/>
    public RulePrecondition Precondition { get; } = RulePrecondition.Linear("centered-clipping", 2, 1);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The start has another length than the updates.</exception>
    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        Precondition.Require(updates.Count, byzantineCount);

        var start = (_start ?? new float[updates.Length]).Span;
        if (start.Length != updates.Length)
        {
            throw new ArgumentException($"Updates have {updates.Length} components, the start {start.Length}.", nameof(updates));
        }

        var center = new double[start.Length];
        for (var i = 0; i < center.Length; i++)
        {
            center[i] = start[i];
        }

        for (var step = 0; step < _stepCount; step++)
        {
            Step(updates, center, cancellationToken);
        }

        return AggregationResult.OfAll(
            Precondition.Rule, updates, byzantineCount, Array.ConvertAll(center, component => (float)component)) with
        {
            IterationCount = _stepCount,
        };
    }

    private void Step(UpdateSet updates, double[] center, CancellationToken cancellationToken)
    {
        var sums = new double[center.Length];
        float[]? buffer = null;
        for (var update = 0; update < updates.Count; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vector = updates.View(update, ref buffer);
            var share = Math.Min(1, _radius / Math.Sqrt(SquaredDistance.Between(vector, center)));
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += (vector[i] - center[i]) * share;
            }
        }

        for (var i = 0; i < sums.Length; i++)
        {
            center[i] += sums[i] / updates.Count;
        }
    }
}
