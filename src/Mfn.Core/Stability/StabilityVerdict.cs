namespace Mfn.Core.Stability;

/// <summary>What becomes of small perturbations of a uniform steady state.</summary>
public enum StabilityVerdict
{
    /// <summary>All die out.</summary>
    Stable,

    /// <summary>Uniform ones oscillate and do not die out; others may grow besides.</summary>
    Hopf,

    /// <summary>Uniform ones die out, but those of a band of wavelengths grow.</summary>
    Turing,

    /// <summary>Uniform ones move away without oscillation, or linear theory does not tell that all die out.</summary>
    Unstable,
}
