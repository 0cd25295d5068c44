using Mfn.Core.Fields;

namespace Mfn.Core.Simulation;

/// <summary>A square field and the one that a step writes, which then takes its place.</summary>
internal sealed class DoubleBufferedField(int gridSize)
{
    /// <summary>The field between two steps, and what a step reads.</summary>
    public Field Current { get; private set; } = new(gridSize, gridSize);

    /// <summary>What a step writes.</summary>
    public Field Next { get; private set; } = new(gridSize, gridSize);

    /// <summary>Makes what the step wrote the field.</summary>
    public void Swap() => (Current, Next) = (Next, Current);
}
