namespace Mfn.Core.Stability;

/// <summary>Why no uniform steady state is listed.</summary>
public enum SteadyStateAbsence
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>They are a line or a curve, no single points.</summary>
    Continuum,

    /// <summary>They were not looked for: the coefficients are too far apart.</summary>
    NotComputed,
}
