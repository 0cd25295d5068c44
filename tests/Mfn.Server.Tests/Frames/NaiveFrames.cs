using System.IO.Compression;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

/// <summary>What the contract says about frames, as slowly as it reads.</summary>
internal static class NaiveFrames
{
    /// <summary>The mean of each square of a region, cut off at its last row and column.</summary>
    public static double[] Means(double[] field, int fieldColumnCount, int row, int column, int rowCount, int columnCount, int factor)
    {
        var means = new List<double>();
        for (var top = 0; top < rowCount; top += factor)
        {
            for (var left = 0; left < columnCount; left += factor)
            {
                var cells = new List<double>();
                for (var i = top; i < top + factor && i < rowCount; i++)
                {
                    for (var j = left; j < left + factor && j < columnCount; j++)
                    {
                        cells.Add(field[((row + i) * fieldColumnCount) + column + j]);
                    }
                }

                means.Add(factor == 1 ? cells[0] : cells.Aggregate(0.0, (sum, cell) => sum + cell) / cells.Count);
            }
        }

        return [.. means];
    }

    /// <summary>The smallest power of two, from 2^-40 on, whose levels all fit, the least level, and each cell's place above it.</summary>
    public static (double Quantum, long FirstLevel, int[] Levels) Quantize(double[] cells, int bitCount)
    {
        for (var exponent = -40; ; exponent++)
        {
            var quantum = Math.Pow(2.0, exponent);
            var levels = cells.Select(cell => Math.Round(cell / quantum, MidpointRounding.ToEven)).ToArray();
            if (levels.Max() - levels.Min() <= Math.Pow(2.0, bitCount) - 1 && cells.All(cell => Math.Abs(cell / quantum) < Math.Pow(2.0, 52)))
            {
                return (quantum, (long)levels.Min(), [.. levels.Select(level => (int)(level - levels.Min()))]);
            }
        }
    }

    /// <summary>The cells in volts of a field's bytes.</summary>
    public static double[] Volts(byte[] values, CellEncoding encoding, double quantum, long firstLevel)
    {
        var cells = Cells(values, Size(encoding));
        return encoding switch
        {
            CellEncoding.Float64 => [.. cells.Select(BitConverter.UInt64BitsToDouble)],
            CellEncoding.Float32 => [.. cells.Select(cell => (double)BitConverter.UInt32BitsToSingle((uint)cell))],
            _ => [.. cells.Select(cell => (firstLevel + (long)cell) * quantum)],
        };
    }

    /// <summary>The bytes of a field that a delta tells by its differences from the field before.</summary>
    public static byte[] Apply(byte[] compressedDifferences, byte[] baseValues, int cellSize)
    {
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(compressedDifferences), CompressionMode.Decompress))
        {
            zlib.CopyTo(inflated);
        }

        return Unfold(inflated.ToArray(), baseValues, cellSize);
    }

    /// <summary>The bytes of the cells whose folded differences stand in planes.</summary>
    public static byte[] Unfold(byte[] planes, byte[] baseValues, int cellSize)
    {
        Assert.Equal(baseValues.Length, planes.Length);
        var modulus = UInt128.One << (8 * cellSize);
        var baseCells = Cells(baseValues, cellSize);
        var values = new byte[planes.Length];
        for (var i = 0; i < baseCells.Length; i++)
        {
            var folded = UInt128.Zero;
            for (var plane = 0; plane < cellSize; plane++)
            {
                folded += (UInt128)planes[(plane * baseCells.Length) + i] << (8 * plane);
            }

            // Even ones come from differences below half the modulus, odd ones from the others.
            var difference = folded % 2 == 0 ? folded / 2 : ((modulus - 1) ^ folded) / 2 + (modulus / 2);
            var cell = (baseCells[i] + difference) % modulus;
            for (var k = 0; k < cellSize; k++)
            {
                values[(i * cellSize) + k] = (byte)((cell >> (8 * k)) & 0xFF);
            }
        }

        return values;
    }

    public static int Size(CellEncoding encoding) => encoding switch
    {
        CellEncoding.Float64 => 8,
        CellEncoding.Float32 => 4,
        CellEncoding.Quantized16 => 2,
        _ => 1,
    };

    private static ulong[] Cells(byte[] values, int cellSize) =>
        [.. values.Chunk(cellSize).Select(cell => cell.Select((part, i) => (ulong)part << (8 * i)).Aggregate(0UL, (sum, part) => sum | part))];
}
