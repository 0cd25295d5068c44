using System.Numerics;

namespace Mfn.Server.Frames;

/// <summary>Equidistant levels for the cells of a frame: the level of a cell is its multiple of the quantum, rounded to the nearest, ties to even.</summary>
/// <param name="Quantum">The distance of two neighbouring levels in the unit of the cells: a power of two.</param>
/// <param name="FirstLevel">The least level of any cell, in quanta.</param>
internal readonly record struct Quantization(double Quantum, long FirstLevel)
{
    // 2^-40 V is less than any cell is known to; levels up to 2^52 are exact, and so is all that is done to them.
    public const int LeastPotentialExponent = -40;

    // A species may have any unit; its levels are still normal numbers, and so are their number a unit.
    public const int LeastSpeciesExponent = -1000;
    private const int LevelBits = 52;

    // Added to a whole number from 0 to 2^52, its bits become the low ones of the sum.
    private const double IntegerInLowBits = 1L << LevelBits;

    /// <summary>No decoded cell is further from the computed one, in their unit.</summary>
    public double LargestError => Quantum / 2;

    /// <summary>
    /// The finest one whose levels from the least cell's to the greatest's are at most 2^<paramref name="bitCount"/>, with a quantum of at least
    /// 2^<paramref name="leastExponent"/> and cells of less than 2^52 quanta: a function of the frame's extremes alone.
    /// </summary>
    public static Quantization Of(CellExtremes extremes, int bitCount, int leastExponent = LeastPotentialExponent)
    {
        var floor = Math.ScaleB(1.0, leastExponent);
        var halfSpan = (extremes.Maximum / 2) - (extremes.Minimum / 2);
        var exponent = Math.Max(
            Math.Max(leastExponent, Math.ILogB(Math.Max(extremes.LargestMagnitude, floor)) + 1 - LevelBits),
            Math.ILogB(Math.Max(halfSpan, floor)) + 1 - bitCount);
        for (; ; exponent++)
        {
            var levelsPerUnit = Math.ScaleB(1.0, -exponent);
            var first = Math.Round(extremes.Minimum * levelsPerUnit);
            var last = Math.Round(extremes.Maximum * levelsPerUnit);
            if (last - first < 1 << bitCount)
            {
                return new Quantization(Math.ScaleB(1.0, exponent), (long)first);
            }
        }
    }

    /// <summary>Writes each cell's level above the first.</summary>
    public void Apply(ReadOnlySpan<double> cells, Span<ushort> destination)
    {
        var i = 0;
        for (; i <= cells.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Levels16(cells[i..]).CopyTo(destination[i..]);
        }

        for (; i < cells.Length; i++)
        {
            destination[i] = (ushort)Level(cells[i]);
        }
    }

    /// <summary>Writes each cell's level above the first.</summary>
    public void Apply(ReadOnlySpan<double> cells, Span<byte> destination)
    {
        var i = 0;
        for (; i <= cells.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            Vector.Narrow(Levels16(cells[i..]), Levels16(cells[(i + Vector<ushort>.Count)..])).CopyTo(destination[i..]);
        }

        for (; i < cells.Length; i++)
        {
            destination[i] = (byte)Level(cells[i]);
        }
    }

    private long Level(double cell) => (long)Math.Round(cell / Quantum) - FirstLevel;

    private Vector<ushort> Levels16(ReadOnlySpan<double> cells) => Vector.Narrow(Levels32(cells), Levels32(cells[Vector<uint>.Count..]));

    private Vector<uint> Levels32(ReadOnlySpan<double> cells) => Vector.Narrow(Levels64(cells), Levels64(cells[Vector<double>.Count..]));

    private Vector<ulong> Levels64(ReadOnlySpan<double> cells)
    {
        // Division by a power of two is multiplication by another, and the level's distance from the first is a whole number below 2^16.
        var levels = Vector.Round(new Vector<double>(cells) * (1.0 / Quantum));
        return Vector.AsVectorUInt64(levels - new Vector<double>(FirstLevel) + new Vector<double>(IntegerInLowBits));
    }
}
