namespace Mfn.Core.Simulation;

/// <summary>The memory of the fields of simulations that were disposed, which is kept for the next ones of the same size.</summary>
public static class FieldMemory
{
    /// <summary>The bytes that are kept.</summary>
    public static long KeptBytes => CellMemory<double>.BytesKept + CellMemory<float>.BytesKept;

    /// <summary>Lets go of it, so that it can be collected.</summary>
    public static void LetGo()
    {
        CellMemory<double>.LetGo();
        CellMemory<float>.LetGo();
    }
}
