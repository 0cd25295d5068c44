using Mfn.Core.Simulation;

namespace Mfn.Server.Memory;

/// <summary>Upper bounds in bytes on what simulations take.</summary>
internal static class SimulationMemory
{
    /// <summary>The fields that are stepped: two, or six with species.</summary>
    public static long OfEngine(SimulationSpec spec) =>
        (spec.HasSpecies ? 6 : 2) * CellCount(spec) * (spec.Precision == Precision.Binary32 ? sizeof(float) : sizeof(double));

    /// <summary>What follows the potential for its features.</summary>
    public static long OfFeatures(int rowCount, int columnCount) => 3L * sizeof(double) * rowCount * columnCount;

    /// <summary>A checkpoint.</summary>
    public static long OfCheckpoint(SimulationSpec spec) => (spec.HasSpecies ? 3 : 1) * CellCount(spec) * sizeof(double);

    private static long CellCount(SimulationSpec spec) => (long)spec.GridSize * spec.GridSize;
}
