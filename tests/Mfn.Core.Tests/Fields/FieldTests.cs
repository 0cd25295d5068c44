using Mfn.Core.Fields;

namespace Mfn.Core.Tests.Fields;

public sealed class FieldTests
{
    [Fact]
    public void Indexer_AnyCell_IsRowMajor()
    {
        var field = new Field(2, 3, [1, 2, 3, 4, 5, 6]);

        Assert.Equal(6, field[1, 2]);
        Assert.Equal([4, 5, 6], field.Row(1).ToArray());

        field[1, 0] = 9;
        Assert.Equal([1, 2, 3, 9, 5, 6], field.Cells.ToArray());
    }

    [Fact]
    public void Constructor_WrongShape_IsRefusedWithTheNumbers()
    {
        var error = Assert.Throws<ArgumentException>(() => new Field(2, 3, [1, 2]));

        Assert.Contains("2 x 3 field needs 6 values, but got 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Field(0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Field(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Field(3, 3)[3, 0]);
        Assert.Throws<IndexOutOfRangeException>(() => new Field(3, 3)[0, 3]);
    }

    [Fact]
    public void NonFiniteCells_In_CountsBothKinds()
    {
        Assert.Equal(new NonFiniteCells(1, 2), NonFiniteCells.In([0, double.NaN, double.PositiveInfinity, 1, double.NegativeInfinity]));
        Assert.True(NonFiniteCells.In([0, double.MaxValue, double.Epsilon]).IsNone);
    }
}
