using Mfn.Core.Simulation;

namespace Mfn.Server.Memory;

/// <summary>Upper bounds in bytes on what simulations take.</summary>
internal static class SimulationMemory
{
    /// <summary>The fields that are stepped, before and after a step, in arrays that may be an eighth longer.</summary>
    public static long OfEngine(SimulationSpec spec) =>
        9L * spec.SpeciesSymbols.Length * CellCount(spec) * (spec.Precision == Precision.Binary32 ? sizeof(float) : sizeof(double)) / 4;

    /// <summary>What the features of a pattern take while they are computed: the field and its transform, spots, and the direction of stripes.</summary>
    public static long OfPatternFeatures(int rowCount, int columnCount) => 8L * sizeof(double) * rowCount * columnCount;

    /// <summary>What follows the potential for its features.</summary>
    public static long OfFeatures(int rowCount, int columnCount) => 3L * sizeof(double) * rowCount * columnCount;

    /// <summary>A checkpoint.</summary>
    public static long OfCheckpoint(SimulationSpec spec) => (spec.SpeciesSymbols.Length * CellCount(spec) * sizeof(double)) + (spec.Pattern?.Mask.Length ?? 0);

    private static long CellCount(SimulationSpec spec) => (long)spec.RowCount * spec.ColumnCount;
}
