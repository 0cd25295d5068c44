namespace Mfn.Core.Spectra;

/// <summary>What describes a pattern. A value that a field does not define is null.</summary>
public sealed record PatternFeatures
{
    /// <summary>The version of these definitions: it changes when a value for the same fields changes.</summary>
    public const string DefinitionVersion = "pattern-1.0";

    /// <summary>λ̄ of <see cref="RadialSpectrum"/>, in the unit of the cell width; null if the field is uniform.</summary>
    public double? MeanWavelength { get; init; }

    /// <summary>The spread of the wavelength, see <see cref="RadialSpectrum.WavelengthSpread"/>; null if the field is uniform.</summary>
    public double? WavelengthSpread { get; init; }

    /// <summary>The wavelength with the most power, see <see cref="RadialSpectrum.PeakWavelength"/>; null if the field is uniform.</summary>
    public double? PeakWavelength { get; init; }

    /// <summary>The threshold that spots and area were found with.</summary>
    public required double Threshold { get; init; }

    /// <summary>Spots, see <see cref="SpotFinder"/>; 0 if the field is uniform and no threshold was given.</summary>
    public required int SpotCount { get; init; }

    /// <summary>Cells above the threshold over all cells.</summary>
    public required double AreaFraction { get; init; }

    /// <summary>
    /// Disclinations, see <see cref="StripeDefects"/> (with the peak wavelength); null if the field is uniform or that wavelength is below 2
    /// cells or above the shorter side. Means something for stripes only.
    /// </summary>
    public DefectCounts? StripeDefects { get; init; }

    /// <summary>
    /// Phase singularities, see <see cref="PhaseSingularities"/>, about the middle between the least and the largest value of each species;
    /// null with one species, or if one is uniform. Means something for waves only.
    /// </summary>
    public DefectCounts? PhaseSingularities { get; init; }

    /// <summary>The period of a probe, see <see cref="Spectra.OscillationPeriod"/>; null without a history or if it does not oscillate.</summary>
    public OscillationPeriod? OscillationPeriod { get; init; }

    /// <summary>The features of a species' field.</summary>
    /// <param name="values">The species, finite, row-major.</param>
    /// <param name="other">The other species; empty if there is none.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="columnCount">At least 1.</param>
    /// <param name="options">What to assume.</param>
    /// <exception cref="ArgumentException">A species has not rows x columns values, or an option is out of its range.</exception>
    public static PatternFeatures Of(
        ReadOnlySpan<double> values, ReadOnlySpan<double> other, int rowCount, int columnCount, PatternFeatureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        PlaneShape.Check(values, rowCount, columnCount);
        var spectrum = RadialSpectrum.Of(values, rowCount, columnCount, options.CellWidth, options.IsPeriodic);
        var isUniform = !(spectrum.Variance > 0);
        var threshold = options.Threshold ?? (isUniform ? PlaneShape.Range(values).Largest : PlaneShape.Middle(values));
        var sizes = SpotFinder.FindSizes(values, rowCount, columnCount, threshold, options.Connectivity, options.IsPeriodic);
        var features = new PatternFeatures
        {
            Threshold = threshold,
            SpotCount = sizes.Length,
            AreaFraction = (double)sizes.Sum() / values.Length,
        };
        if (isUniform)
        {
            return features;
        }

        var wavelength = spectrum.PeakWavelength / options.CellWidth;
        var hasWaves = !other.IsEmpty && !PlaneShape.IsUniform(other);
        return features with
        {
            MeanWavelength = spectrum.MeanWavelength,
            WavelengthSpread = spectrum.WavelengthSpread,
            PeakWavelength = spectrum.PeakWavelength,
            StripeDefects = wavelength >= 2 && wavelength <= Math.Min(rowCount, columnCount)
                ? Spectra.StripeDefects.Count(values, rowCount, columnCount, wavelength, options.IsPeriodic)
                : null,
            PhaseSingularities = hasWaves
                ? Spectra.PhaseSingularities.Count(values, other, rowCount, columnCount, PlaneShape.Middle(values), PlaneShape.Middle(other), options.IsPeriodic)
                : null,
        };
    }
}
