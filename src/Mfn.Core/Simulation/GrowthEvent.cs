namespace Mfn.Core.Simulation;

/// <summary>A spike: one cell's potential rises at the beginning of a step.</summary>
/// <param name="Step">The step, counted from 1: the first field that shows the spike is the one after this step.</param>
/// <param name="Row">The cell's row.</param>
/// <param name="Column">The cell's column.</param>
/// <param name="Amplitude">The rise in volts; drawn, so it may be negative.</param>
public readonly record struct GrowthEvent(int Step, int Row, int Column, double Amplitude);
