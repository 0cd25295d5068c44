namespace Mfn.Core.Gallery;

/// <summary>What a preset must show at the end of its simulation.</summary>
/// <param name="Measure">What is measured.</param>
/// <param name="Low">The least value that is accepted.</param>
/// <param name="High">The largest value that is accepted.</param>
/// <param name="Basis">Where the range comes from: a theory with its value, or the published class of the pattern.</param>
public sealed record PresetExpectation(PresetMeasure Measure, double Low, double High, string Basis);
