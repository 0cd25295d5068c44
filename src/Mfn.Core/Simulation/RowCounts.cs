namespace Mfn.Core.Simulation;

/// <summary>What steps did to rows.</summary>
/// <param name="Activations">Cells whose activator exceeded the threshold.</param>
/// <param name="Clampings">Cells whose potential the clamping changed.</param>
/// <param name="IsFinite">Whether no cell became NaN. False may be a false alarm where the fields were close to overflow.</param>
internal readonly record struct RowCounts(long Activations, long Clampings, bool IsFinite)
{
    /// <summary>No row.</summary>
    public static RowCounts None { get; } = new(0, 0, IsFinite: true);

    /// <summary>Of both.</summary>
    public RowCounts Plus(RowCounts other) =>
        new(Activations + other.Activations, Clampings + other.Clampings, IsFinite && other.IsFinite);
}
