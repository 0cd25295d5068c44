namespace Mfn.Core.Sampling;

/// <summary>What a scenario's data are for.</summary>
public enum ScenarioKind
{
    /// <summary>Checks of the science.</summary>
    Scientific,

    /// <summary>Features to learn from.</summary>
    Features,

    /// <summary>Measurements of speed.</summary>
    Benchmark,
}
