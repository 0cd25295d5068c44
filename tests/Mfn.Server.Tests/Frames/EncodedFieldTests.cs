using System.Buffers.Binary;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class EncodedFieldTests
{
    /// <summary>Grids whose cells fill whole vectors of every width, and leave every remainder.</summary>
    public static TheoryData<int> GridSizes => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(GridSizes))]
    public void Encode_Float32_RoundsEachCellToTheNearestSingle(int gridSize)
    {
        var cells = Cells(gridSize * gridSize);
        var bytes = new byte[EncodedField.ByteCount(cells.Length, CellEncoding.Float32)];

        EncodedField.Encode(cells, gridSize, gridSize, CellEncoding.Float32, bytes);

        for (var i = 0; i < cells.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToInt32Bits((float)cells[i]), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(float))));
        }
    }

    [Theory]
    [MemberData(nameof(GridSizes))]
    public void Encode_Float64_KeepsTheBits(int gridSize)
    {
        var cells = Cells(gridSize * gridSize);
        var bytes = new byte[EncodedField.ByteCount(cells.Length, CellEncoding.Float64)];

        EncodedField.Encode(cells, gridSize, gridSize, CellEncoding.Float64, bytes);

        for (var i = 0; i < cells.Length; i++)
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(cells[i]), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * sizeof(double))));
        }
    }

    /// <summary>Potentials, among them values where rounding to nearest even, rounding up and truncating differ, zeros of either sign and the smallest singles.</summary>
    private static double[] Cells(int count)
    {
        var half = Math.ScaleB(1.0, -24);
        double[] awkward =
        [
            1.0 + half, 1.0 + (3.0 * half), -1.0 - half, -1.0 - (3.0 * half), 1.0 + (1.001 * half), 0.0, -0.0,
            Math.ScaleB(1.0, -149), Math.ScaleB(1.0, -150), Math.ScaleB(1.5, -150), -Math.ScaleB(1.0, -160), double.Epsilon, float.MaxValue,
        ];
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(i => i % 3 == 0 ? awkward[i / 3 % awkward.Length] : -0.07 + (0.02 * random.NextDouble()))];
    }
}
