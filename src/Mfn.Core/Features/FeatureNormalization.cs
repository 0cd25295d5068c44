using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Features;

/// <summary>Puts features on a common scale: (value - offset) / scale, one pair a feature.</summary>
public sealed class FeatureNormalization
{
    /// <summary>The means, minima and maxima that leave every normalised value finite.</summary>
    public static ParameterRange OffsetRange { get; } = new(-1e100, 1e100);

    /// <summary>The standard deviations, and distances of a maximum from its minimum, that do.</summary>
    public static ParameterRange ScaleRange { get; } = new(1e-100, 2e100);

    private readonly ImmutableArray<double> _offsets;
    private readonly ImmutableArray<double> _scales;

    private FeatureNormalization(ImmutableArray<double> offsets, ImmutableArray<double> scales)
    {
        _offsets = offsets;
        _scales = scales;
    }

    /// <summary>To mean 0 and standard deviation 1: offset and scale are the features' means and standard deviations.</summary>
    /// <exception cref="ArgumentException">There are not 18 of each, or a value is out of its range.</exception>
    public static FeatureNormalization ZScore(ReadOnlySpan<double> means, ReadOnlySpan<double> standardDeviations) =>
        new(RequireFinite(means, nameof(means)), RequirePositive(RequireFinite(standardDeviations, nameof(standardDeviations)), nameof(standardDeviations)));

    /// <summary>To 0..1: offset and scale are the features' minima and their distance to the maxima.</summary>
    /// <exception cref="ArgumentException">There are not 18 of each, or a value or distance is out of its range.</exception>
    public static FeatureNormalization MinMax(ReadOnlySpan<double> minima, ReadOnlySpan<double> maxima)
    {
        var offsets = RequireFinite(minima, nameof(minima));
        var ends = RequireFinite(maxima, nameof(maxima));
        return new(offsets, RequirePositive([.. ends.Zip(offsets, (end, offset) => end - offset)], nameof(maxima)));
    }

    /// <summary>The values of a vector on the common scale, in the same order.</summary>
    public ImmutableArray<double> Apply(FeatureVector features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var normalized = ImmutableArray.CreateBuilder<double>(FeatureDefinition.Count);
        for (var i = 0; i < FeatureDefinition.Count; i++)
        {
            normalized.Add((features[i] - _offsets[i]) / _scales[i]);
        }

        return normalized.MoveToImmutable();
    }

    private static ImmutableArray<double> RequireFinite(ReadOnlySpan<double> values, string name)
    {
        if (values.Length != FeatureDefinition.Count)
        {
            throw new ArgumentException($"There must be {FeatureDefinition.Count} values, but there are {values.Length}.", name);
        }

        foreach (var value in values)
        {
            if (!OffsetRange.Contains(value))
            {
                throw new ArgumentException($"The values must be {OffsetRange}, but one is {ParameterRange.Format(value)}.", name);
            }
        }

        return [.. values];
    }

    private static ImmutableArray<double> RequirePositive(ImmutableArray<double> scales, string name) =>
        scales.All(ScaleRange.Contains) ? scales : throw new ArgumentException($"Every scale must be {ScaleRange}.", name);
}
