using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Membrane;

/// <summary>
/// Equilibrium potentials and the integration of dV/dt = f(V), within the limits of a spec. Immutable: any number of threads may use it.
/// </summary>
public sealed class MembraneModel
{
    /// <summary>The potentials in volts between which living membranes stay.</summary>
    public static ParameterRange PhysiologicalRange { get; } = new(-0.095, 0.040);

    /// <summary>A model with the given constants.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public MembraneModel(MembraneSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        Spec = spec;
    }

    /// <summary>The model's constants.</summary>
    public MembraneSpec Spec { get; }

    /// <summary>
    /// The <see cref="NernstPotential"/> in volts of a biological ion, at the spec's temperature unless another is given, and whether
    /// either concentration was below the spec's floor.
    /// </summary>
    /// <param name="valence">-2, -1, 1 or 2.</param>
    /// <param name="outsideMolar">Concentration outside the cell in mol/L.</param>
    /// <param name="insideMolar">Concentration inside the cell in mol/L.</param>
    /// <param name="temperature">Absolute temperature in kelvin; any finite one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The valence is another one, or a value is not finite.</exception>
    public (double Potential, bool IsClamped) ComputeNernst(
        int valence, double outsideMolar, double insideMolar, double? temperature = null)
    {
        RequireBiological(valence);
        var potential = NernstPotential.Compute(
            valence, outsideMolar, insideMolar, temperature ?? Spec.Temperature, Spec.ConcentrationFloor);
        return (potential, Math.Min(outsideMolar, insideMolar) < Spec.ConcentrationFloor);
    }

    /// <summary>The same for many places at once; every concentration below the floor is a clamping event.</summary>
    /// <param name="valence">-2, -1, 1 or 2.</param>
    /// <param name="outsideMolar">Concentrations outside in mol/L; at least one.</param>
    /// <param name="insideMolar">Concentrations inside in mol/L, as many as outside.</param>
    /// <param name="destination">Receives the potentials in volts; as long as the concentrations.</param>
    /// <param name="temperature">Absolute temperature in kelvin; any finite one.</param>
    /// <exception cref="ArgumentException">The spans are empty or differ in length, or a value is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The valence is another one, or the temperature is not finite.</exception>
    public MembraneMetrics ComputeNernst(
        int valence,
        ReadOnlySpan<double> outsideMolar,
        ReadOnlySpan<double> insideMolar,
        Span<double> destination,
        double? temperature = null)
    {
        RequireBiological(valence);
        var clampedCount = NernstPotential.Compute(
            valence, outsideMolar, insideMolar, destination, temperature ?? Spec.Temperature, Spec.ConcentrationFloor);
        return new MembraneMetrics(FieldStatistics.Of(destination), StepCount: 0, clampedCount);
    }

    /// <summary>
    /// Advances potentials in place by a number of the spec's time steps. After each of them the potentials are clamped to the spec's
    /// limits, if <paramref name="isClamped"/>, and then checked.
    /// </summary>
    /// <param name="potentials">The potentials in volts; finite, at least one. After an error they are those that failed the check.</param>
    /// <param name="derivative">dV/dt of all potentials, in V/s.</param>
    /// <param name="stepCount">Steps to take; at least 0.</param>
    /// <param name="isClamped">Whether to clamp. Clamping brings infinities back too, and leaves only NaN to fail the check.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="ArgumentException">There are no potentials, or one is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is negative.</exception>
    /// <exception cref="NonFiniteFieldException">A potential became NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the steps taken so far are complete.</exception>
    public MembraneMetrics Integrate(
        Span<double> potentials,
        PotentialDerivative derivative,
        int stepCount,
        bool isClamped = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(derivative);
        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        if (potentials.IsEmpty || !NonFiniteCells.In(potentials).IsNone)
        {
            throw new ArgumentException("There must be at least one potential, and all must be finite.", nameof(potentials));
        }

        var slopes = new Slopes(potentials.Length);
        var clampingEvents = 0L;
        for (var step = 1; step <= stepCount; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TakeStep(potentials, derivative, slopes);
            if (isClamped)
            {
                clampingEvents += Clamp(potentials);
            }

            NonFiniteFieldException.ThrowIfAny(potentials, "potential", step);
        }

        return new MembraneMetrics(FieldStatistics.Of(potentials), stepCount, clampingEvents);
    }

    /// <summary>Whether all potentials, in volts, lie within the spec's limits, the limits included; NaN does not.</summary>
    public bool IsWithinLimits(ReadOnlySpan<double> potentials) =>
        IsWithin(potentials, new ParameterRange(Spec.LowestPotential, Spec.HighestPotential));

    /// <summary>Whether all potentials, in volts, lie within the <see cref="PhysiologicalRange"/>; NaN does not.</summary>
    public static bool IsPhysiological(ReadOnlySpan<double> potentials) => IsWithin(potentials, PhysiologicalRange);

    private static bool IsWithin(ReadOnlySpan<double> potentials, ParameterRange range)
    {
        foreach (var potential in potentials)
        {
            if (!range.Contains(potential))
            {
                return false;
            }
        }

        return true;
    }

    private static void RequireBiological(int valence)
    {
        if (valence is not (-2 or -1 or 1 or 2))
        {
            throw new ArgumentOutOfRangeException(nameof(valence), valence, "The valence must be -2, -1, 1 or 2.");
        }
    }

    private void TakeStep(Span<double> potentials, PotentialDerivative derivative, Slopes slopes)
    {
        if (Spec.Scheme == IntegrationScheme.Euler)
        {
            derivative(potentials, slopes.First);
            for (var i = 0; i < potentials.Length; i++)
            {
                potentials[i] += Spec.TimeStep * slopes.First[i];
            }

            return;
        }

        var halfStep = 0.5 * Spec.TimeStep;
        derivative(potentials, slopes.First);
        MoveAlong(potentials, halfStep, slopes.First, slopes.Moved);
        derivative(slopes.Moved, slopes.Second);
        MoveAlong(potentials, halfStep, slopes.Second, slopes.Moved);
        derivative(slopes.Moved, slopes.Third);
        MoveAlong(potentials, Spec.TimeStep, slopes.Third, slopes.Moved);
        derivative(slopes.Moved, slopes.Fourth);

        var sixthStep = Spec.TimeStep / 6.0;
        for (var i = 0; i < potentials.Length; i++)
        {
            potentials[i] += sixthStep
                * (slopes.First[i] + (2.0 * slopes.Second[i]) + (2.0 * slopes.Third[i]) + slopes.Fourth[i]);
        }
    }

    private static void MoveAlong(ReadOnlySpan<double> potentials, double duration, ReadOnlySpan<double> slopes, Span<double> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = potentials[i] + (duration * slopes[i]);
        }
    }

    /// <summary>Returns how many potentials changed. NaN stays NaN.</summary>
    private int Clamp(Span<double> potentials)
    {
        var changedCount = 0;
        foreach (ref var potential in potentials)
        {
            var clamped = potential < Spec.LowestPotential ? Spec.LowestPotential
                : potential > Spec.HighestPotential ? Spec.HighestPotential
                : potential;
            if (clamped != potential)
            {
                changedCount++;
                potential = clamped;
            }
        }

        return changedCount;
    }

    /// <summary>The derivatives at the up to four points of a step, and the potentials at the point in between.</summary>
    private sealed class Slopes(int length)
    {
        public double[] First { get; } = new double[length];

        public double[] Second { get; } = new double[length];

        public double[] Third { get; } = new double[length];

        public double[] Fourth { get; } = new double[length];

        public double[] Moved { get; } = new double[length];
    }
}
