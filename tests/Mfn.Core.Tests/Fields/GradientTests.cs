using Mfn.Core.Fields;

namespace Mfn.Core.Tests.Fields;

public sealed class GradientTests
{
    public static TheoryData<string> Grids => GoldenFile.Ids("numerics.json");

    [Theory, MemberData(nameof(Grids))]
    public void Apply_ReferenceField_EqualsTheReferenceToTheBit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("numerics.json", id);
        var source = Source(inputs);
        var (acrossRows, acrossColumns) = (new Field(source.RowCount, source.ColumnCount), new Field(source.RowCount, source.ColumnCount));

        Gradient.Apply(source, Enum.Parse<Boundary>(inputs.GetProperty("boundary").GetString()!, ignoreCase: true), acrossRows, acrossColumns);

        Assert.Equal(GoldenFile.Array(outputs.GetProperty("grad_x")), acrossRows.Cells.ToArray());
        Assert.Equal(GoldenFile.Array(outputs.GetProperty("grad_y")), acrossColumns.Cells.ToArray());
    }

    [Theory, MemberData(nameof(Grids))]
    public void Clamp_ReferenceField_EqualsTheReferenceToTheBit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("numerics.json", id);
        var field = Source(inputs);
        var expected = outputs.GetProperty("clamped");

        Assert.Equal(expected[0].GetInt32(), field.Clamp(-0.09, -0.05));
        Assert.Equal(expected[1].GetString(), GoldenFile.Hash<double>(field.Cells));
    }

    [Theory]
    [InlineData(Boundary.Periodic)]
    [InlineData(Boundary.Neumann)]
    [InlineData(Boundary.Dirichlet)]
    public void Apply_Plane_IsItsSlopeInside(Boundary boundary)
    {
        var (plane, acrossRows, acrossColumns) = (new Field(5, 7), new Field(5, 7), new Field(5, 7));
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 7; j++)
            {
                plane[i, j] = (2 * i) - (3 * j);
            }
        }

        Gradient.Apply(plane, boundary, acrossRows, acrossColumns);

        Assert.Equal((2.0, -3.0), (acrossRows[2, 3], acrossColumns[2, 3]));
        Assert.Equal(boundary == Boundary.Periodic ? (-3.0, 7.5) : (2.0, -3.0), (acrossRows[0, 3], acrossColumns[2, 0]));
    }

    [Fact]
    public void Apply_SingleRowOrOtherShape_IsZeroOrRefused()
    {
        var (row, acrossRows, acrossColumns) = (new Field(1, 3, [1, 2, 4]), new Field(1, 3), new Field(1, 3));

        Gradient.Apply(row, Boundary.Neumann, acrossRows, acrossColumns);

        Assert.Equal([0, 0, 0], acrossRows.Cells.ToArray());
        Assert.Equal([1, 1.5, 2], acrossColumns.Cells.ToArray());
        Assert.Throws<ArgumentException>(() => Gradient.Apply(row, Boundary.Neumann, acrossRows, new Field(3, 1)));
    }

    [Fact]
    public void Clamp_NaN_StaysAndIsNotCounted()
    {
        var field = new Field(1, 4, [double.NaN, -2, 0.5, double.PositiveInfinity]);

        Assert.Equal(2, field.Clamp(-1, 1));
        Assert.Equal([double.NaN, -1, 0.5, 1], field.Cells.ToArray());
    }

    private static Field Source(System.Text.Json.JsonElement inputs)
    {
        var shape = inputs.GetProperty("field").GetProperty("shape");
        return new Field(shape[0].GetInt32(), shape[1].GetInt32(), GoldenFile.Array(inputs.GetProperty("field")));
    }
}
