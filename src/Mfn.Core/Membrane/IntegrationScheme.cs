namespace Mfn.Core.Membrane;

/// <summary>How a step of time is taken.</summary>
public enum IntegrationScheme
{
    /// <summary>Euler's explicit method, of order 1: one derivative a step.</summary>
    Euler,

    /// <summary>The classical method of Runge (1895) and Kutta (1901), of order 4: four derivatives a step.</summary>
    RungeKutta4,
}
