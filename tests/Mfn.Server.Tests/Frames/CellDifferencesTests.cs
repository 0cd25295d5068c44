using FsCheck;
using FsCheck.Fluent;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class CellDifferencesTests
{
    private static readonly Arbitrary<(byte[] Cells, byte[] Base, int CellSize)> AnyCells = (
        from cellSize in Gen.Elements(1, 2, 4, 8)
        from count in Gen.Frequency((3, Gen.Choose(1, 150)), (1, Gen.Choose(250, 600)))
        from cells in Gen.Choose(0, 255).ArrayOf(count * cellSize)
        from baseCells in Gen.OneOf(Gen.Choose(0, 255).ArrayOf(count * cellSize), Gen.Constant(cells))
        from changed in Gen.Choose(0, (count * cellSize) - 1)
        select (Bytes(cells), Bytes(baseCells).Select((part, i) => (byte)(i == changed ? part + 1 : part)).ToArray(), cellSize)).ToArbitrary();

    [Fact]
    public void Fold_SmallDifferencesOfEitherSign_BecomeSmallNumbersInPlanes()
    {
        // Differences 1, -1, -32768 and 300 of 16-bit cells fold to 2, 1, 65535 and 600.
        byte[] cells = [6, 0, 255, 255, 0, 128, 44, 1];
        byte[] baseCells = [5, 0, 0, 0, 0, 0, 0, 0];
        var planes = new byte[8];

        CellDifferences.Fold(cells, baseCells, 2, planes);

        Assert.Equal([2, 1, 255, 600 & 0xFF, 0, 0, 255, 600 >> 8], planes);
    }

    [Fact]
    public void Fold_AnyCells_CanBeUnfolded() => Prop.ForAll(AnyCells, sample =>
    {
        var planes = new byte[sample.Cells.Length];

        CellDifferences.Fold(sample.Cells, sample.Base, sample.CellSize, planes);

        Assert.Equal(sample.Cells, NaiveFrames.Unfold(planes, sample.Base, sample.CellSize));
    }).Check(AnyField.Replayed);

    [Fact]
    public void Compress_FrameAfterFrame_GivesZlibStreamsOfTheDifferences()
    {
        var buffers = new FieldBufferPool();
        var compressor = new DifferenceCompressor(buffers);
        Prop.ForAll(AnyCells, sample =>
        {
            using var compressed = compressor.Compress(sample.Cells, sample.Base, sample.CellSize);
            Assert.Equal(sample.Cells, NaiveFrames.Apply(compressed.Memory.ToArray(), sample.Base, sample.CellSize));
        }).Check(AnyField.Replayed);

        Assert.Equal(0, buffers.RentedCount);
    }

    /// <summary>Differences that fold to bytes from 144 on, for which zlib's fixed code has 9 bits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public void Compress_WhatCannotBeCompressed_FindsRoom(int byteCount)
    {
        var random = new Random(byteCount);
        var cells = Enumerable.Range(0, byteCount).Select(_ => (byte)random.Next(72, 184)).ToArray();
        var baseCells = new byte[byteCount];
        using var compressed = new DifferenceCompressor(new FieldBufferPool()).Compress(cells, baseCells, 1);

        Assert.Equal(cells, NaiveFrames.Apply(compressed.Memory.ToArray(), baseCells, 1));
    }

    [Theory]
    [InlineData(8, 12, 4)]
    [InlineData(6, 6, 4)]
    [InlineData(6, 6, 3)]
    public void Fold_CellsThatDoNotFit_AreRefused(int byteCount, int baseByteCount, int cellSize) => Assert.ThrowsAny<ArgumentException>(
        () => CellDifferences.Fold(new byte[byteCount], new byte[baseByteCount], cellSize, new byte[byteCount]));

    private static byte[] Bytes(int[] values) => [.. values.Select(value => (byte)value)];
}
