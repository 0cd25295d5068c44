namespace Mfn.Core.Simulation;

/// <summary>
/// A row of the fields before a step and the rows next to it, at the rim what lies beyond. Each is given by the potential's first cell, and by
/// the offset from there to the activator's, which is also that from the activator's to the inhibitor's.
/// </summary>
internal readonly ref struct RowStencil<T>(ref T here, int hereOffset, ref T above, int aboveOffset, ref T below, int belowOffset)
    where T : unmanaged
{
    public readonly ref T Here = ref here;
    public readonly ref T Above = ref above;
    public readonly ref T Below = ref below;
    public readonly int HereOffset = hereOffset;
    public readonly int AboveOffset = aboveOffset;
    public readonly int BelowOffset = belowOffset;
}
