namespace Mfn.Core.Validation;

/// <summary>What a <see cref="ValidationCycle"/> found.</summary>
public sealed record ValidationReport
{
    /// <summary>The mean squared error of the first batch, before the first training step (dimensionless).</summary>
    public required double LossStart { get; init; }

    /// <summary>The mean squared error of the last batch, before the last training step.</summary>
    public required double LossFinal { get; init; }

    /// <summary>How far the loss fell; negative if it rose.</summary>
    public double LossDrop => LossStart - LossFinal;

    /// <summary>The lowest potential in mV of any cell at the end of the samples' runs.</summary>
    public required double MinimumPotentialMillivolts { get; init; }

    /// <summary>The highest potential in mV of any cell at the end of the samples' runs.</summary>
    public required double MaximumPotentialMillivolts { get; init; }

    /// <summary>The box-counting dimension of the example's cells above -60 mV; 0 if there are too few.</summary>
    public required double ExampleFractalDimension { get; init; }

    /// <summary>
    /// The Lyapunov exponent, per iteration, of a random iterated function system. Its maps contract, so it is always negative, and it
    /// says nothing about the fields.
    /// </summary>
    public required double LyapunovExponent { get; init; }

    /// <summary>The mean exponent of such systems, one per sample.</summary>
    public required double MeanLyapunovExponent { get; init; }

    /// <summary>The growth events of the example's run.</summary>
    public required long GrowthEventCount { get; init; }

    /// <summary>Potassium's Nernst potential in mV, with the logarithm of the ratio as a difference of logarithms: a cross-check.</summary>
    public required double NernstSymbolicMillivolts { get; init; }

    /// <summary>Potassium's Nernst potential in mV, 5 mM outside and 140 mM inside at 37 °C.</summary>
    public required double NernstNumericMillivolts { get; init; }

    /// <summary>RT/zF in mV of a monovalent cation at 37 °C.</summary>
    public required double NernstSlopeMillivolts { get; init; }
}
