using FsCheck;
using FsCheck.Fluent;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class FieldWindowTests
{
    [Fact]
    public void Extract_AnyWindow_GivesTheMeansToTheBit() => Prop.ForAll(AnyField.Windowed.ToArbitrary(), sample =>
    {
        var (field, size, window) = sample;
        var means = new double[window.SquareCount];

        window.Extract(field, size, means);

        var expected = NaiveFrames.Means(field, size, window.Row, window.Column, window.RowCount, window.ColumnCount, window.Downsampling);
        Assert.Equal(expected.Select(BitConverter.DoubleToInt64Bits), means.Select(BitConverter.DoubleToInt64Bits));
    }).Check(AnyField.Replayed);

    [Fact]
    public void Extract_SquaresThatAreCutOff_AreMeansOfTheCellsThatThereAre()
    {
        double[] field =
        [
            1, 3, 10,
            5, 7, 20,
            2, 4, 30,
        ];
        var means = new double[4];

        FieldWindow.Whole(3, downsampling: 2).Extract(field, 3, means);

        Assert.Equal([4.0, 15.0, 3.0, 30.0], means);
    }

    [Theory]
    [InlineData(0, 0, 4, 3)]
    [InlineData(0, 0, 3, 4)]
    [InlineData(2, 0, 2, 1)]
    [InlineData(0, 2, 1, 2)]
    public void Extract_WindowBeyondTheField_IsRefused(int row, int column, int rowCount, int columnCount)
    {
        var window = new FieldWindow(row, column, rowCount, columnCount, 1);

        Assert.Throws<ArgumentOutOfRangeException>(() => window.Extract(new double[9], 3, new double[window.SquareCount]));
    }
}
