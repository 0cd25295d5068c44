namespace Mfn.Core.Gallery;

/// <summary>What a preset's last fields are judged by. Spectrum, spots and singularities are those of <see cref="Spectra.PatternFeatures"/>.</summary>
public enum PresetMeasure
{
    /// <summary>The wavelength with the most power, in the model's unit of length.</summary>
    PeakWavelength,

    /// <summary>Connected components above the middle of the field's range.</summary>
    SpotCount,

    /// <summary>Connected components below the middle of the field's range.</summary>
    HoleCount,

    /// <summary>The fraction of the cells above the middle of the field's range.</summary>
    AreaFraction,

    /// <summary>Standard deviation of the field.</summary>
    Deviation,

    /// <summary>
    /// Root mean square change during the last twentieth of the simulation, over the field's standard deviation then: near 0 for a pattern that
    /// stands, about 1.4 for one that has become another.
    /// </summary>
    Activity,

    /// <summary>Period of a cell in the middle, during the second half of the simulation, in the model's unit of time.</summary>
    OscillationPeriod,

    /// <summary>Phase singularities of both signs.</summary>
    PhaseSingularityCount,

    /// <summary>
    /// Speed of a wave's front along the middle row, in the model's units: how much farther from the middle column the last cell above half of
    /// the field's largest value is at the end than after three quarters of the simulation, over the time between.
    /// </summary>
    FrontSpeed,
}
