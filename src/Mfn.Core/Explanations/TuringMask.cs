using Mfn.Core.Simulation;

namespace Mfn.Core.Explanations;

/// <summary>
/// Whether the activator of the reference's variants can exceed the threshold above which a cell gains potential.
/// <para>
/// A bound: let A be the largest activator of any cell before a step. A step makes (1 − 4D) a + D Σ(four neighbours) + r (a (1 − a) − i) of it. The
/// inhibitor i is clipped to at least 0, the neighbours are at most A or, beyond the rim, 0, and 4D is below 1. So the new value is at most
/// 4DA + max over 0 ≤ a ≤ A of (1 − 4D + r) a − r a², which is A + r A (1 − A) where r is small: the activator grows at most as the logistic
/// equation does. Drawn activators begin below 0.1, so with the rate 0.01 of the defaults they stay at or below 0.174 through 64 steps, and cannot
/// pass 0.75 before step 330. (What really happens: the inhibitor follows the activator at twice its rate and ends its growth, so it dies out.)
/// </para>
/// </summary>
/// <param name="IsActive">Whether the run compares at all.</param>
/// <param name="Threshold">What the activator has to exceed.</param>
/// <param name="LargestActivator">No cell's activator exceeds this in the run's steps.</param>
/// <param name="EarliestStep">The first step in which the bound exceeds the threshold; null if it does in none up to 10 million.</param>
/// <param name="CanFire">Whether the bound lets the mask fire within the run's steps. False is proved, true is not.</param>
public sealed record TuringMask(bool IsActive, double Threshold, double LargestActivator, long? EarliestStep, bool CanFire)
{
    private const double LargestDrawn = 0.1;
    private const long MostSteps = 10_000_000;

    // What rounding, of singles too, may add in all the steps looked at before the bound is close to 1.
    private const double Slack = 1e-5;

    /// <summary>That of a spec of the reference, with drawn fields.</summary>
    public static TuringMask Of(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var largest = LargestDrawn;
        var atEnd = LargestDrawn;
        long? earliest = null;
        var (diffusion, rate) = (spec.ActivatorDiffusion, spec.ActivatorRate);
        var neverExceeds = spec.Variant == SimulationVariant.Numerics && spec.TuringThreshold >= 1;
        for (long step = 1; step <= MostSteps; step++)
        {
            var linear = 1 - (4 * diffusion) + rate;
            var top = rate > 0 ? Math.Min(largest, linear / (2 * rate)) : largest;

            // It is compared before it is clipped to 1, but in the numerics variant.
            var compared = (4 * diffusion * largest) + (linear * top) - (rate * top * top);
            var next = Math.Min(1, compared);
            var isSettled = next <= largest;
            largest = Math.Max(largest, next);
            if (step <= spec.StepCount)
            {
                atEnd = largest;
            }

            if (!neverExceeds && Math.Max(largest, compared) + Slack > spec.TuringThreshold)
            {
                earliest ??= step;
            }

            if (isSettled || (earliest is not null && step >= spec.StepCount))
            {
                break;
            }
        }

        return new TuringMask(spec.IsTuringEnabled, spec.TuringThreshold, atEnd, earliest, spec.IsTuringEnabled && earliest <= spec.StepCount);
    }
}
