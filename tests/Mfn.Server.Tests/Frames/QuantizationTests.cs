using FsCheck;
using FsCheck.Fluent;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class QuantizationTests
{
    [Fact]
    public void Of_AnyCells_IsTheFinestWhoseLevelsFit() => Prop.ForAll(AnyField.Square.ToArbitrary(), AssertAsInTheContract).Check(AnyField.Replayed);

    [Fact]
    public void Apply_AnyCells_ErrsByHalfAQuantumAtMost() => Prop.ForAll(AnyField.Square.ToArbitrary(), cells =>
    {
        foreach (var bitCount in new[] { 8, 16 })
        {
            var (quantization, levels) = Quantize(cells, bitCount);
            Assert.Equal(quantization.Quantum / 2, quantization.LargestError);
            Assert.All(levels.Zip(cells), pair =>
                Assert.InRange(((quantization.FirstLevel + pair.First) * quantization.Quantum) - pair.Second, -quantization.LargestError, quantization.LargestError));
        }
    }).Check(AnyField.Replayed);

    /// <summary>Spans at the edge of what a number of levels covers, and cells halfway between two levels.</summary>
    public static TheoryData<double[]> Edges => new()
    {
        new[] { 0.0, 65535.0 },
        new[] { 0.0, 65536.0 },
        new[] { 0.0, 65535.5 },
        new[] { 0.5, 65535.5 },
        new[] { 1.5, 65536.5 },
        new[] { -0.5, 65535.0 },
        new[] { 0.0, 255.0, 0.5, 1.5, 2.5, 253.5 },
        new[] { 0.0, 256.0 },
        new[] { -128.0, 127.5 },
        new[] { -0.0, 0.0 },
        new[] { double.Epsilon, -double.Epsilon },
        new[] { 1000.0 },
        new[] { -1000.0, 1000.0 },
        new[] { 4096.0, 4096.0 + Math.ScaleB(1.0, -40) },
        new[] { 1e300, 1e300 },
        new[] { double.MaxValue, double.MinValue },
    };

    [Theory, MemberData(nameof(Edges))]
    public void Of_Edges_IsTheFinestWhoseLevelsFit(double[] cells)
    {
        AssertAsInTheContract(cells);
        AssertAsInTheContract([.. Enumerable.Repeat(cells, 40).SelectMany(part => part)]);
    }

    private static void AssertAsInTheContract(double[] cells)
    {
        foreach (var bitCount in new[] { 8, 16 })
        {
            var expected = NaiveFrames.Quantize(cells, bitCount);
            var (quantization, levels) = Quantize(cells, bitCount);
            Assert.Equal((expected.Quantum, expected.FirstLevel), (quantization.Quantum, quantization.FirstLevel));
            Assert.Equal(expected.Levels, levels);
        }
    }

    private static (Quantization Quantization, int[] Levels) Quantize(double[] cells, int bitCount)
    {
        var quantization = Quantization.Of(CellExtremes.Of(cells), bitCount);
        if (bitCount == 8)
        {
            var bytes = new byte[cells.Length];
            quantization.Apply(cells, bytes);
            return (quantization, [.. bytes.Select(level => (int)level)]);
        }

        var levels = new ushort[cells.Length];
        quantization.Apply(cells, levels);
        return (quantization, [.. levels.Select(level => (int)level)]);
    }
}
