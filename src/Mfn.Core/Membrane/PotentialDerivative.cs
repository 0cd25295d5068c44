namespace Mfn.Core.Membrane;

/// <summary>The right-hand side of dV/dt = f(V).</summary>
/// <param name="potentials">The potentials V in volts.</param>
/// <param name="derivatives">Receives dV/dt in V/s, every element of it; as long as the potentials.</param>
public delegate void PotentialDerivative(ReadOnlySpan<double> potentials, Span<double> derivatives);
