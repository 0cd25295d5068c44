namespace Mfn.Core.Stability;

/// <summary>Wavenumbers between two, in radians a unit of length.</summary>
/// <param name="Low">At least 0.</param>
/// <param name="High">Infinite if there is no shortest wavelength.</param>
public readonly record struct WavenumberBand(double Low, double High);
