namespace Mfn.Core.Simulation;

/// <summary>The bits of a cell's integer in the plane of the mask: set where the cell, or one next to it, takes part.</summary>
internal static class MaskBit
{
    public const int Here = 0;
    public const int Above = 1;
    public const int Below = 2;
    public const int Left = 3;
    public const int Right = 4;
    public const int AboveLeft = 5;
    public const int AboveRight = 6;
    public const int BelowLeft = 7;
    public const int BelowRight = 8;
}
