using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Fields;

public sealed class LaplacianTests
{
    public static TheoryData<string> Grids => GoldenFile.Ids("numerics.json");

    public static TheoryData<Boundary> Boundaries => [.. Enum.GetValues<Boundary>()];

    [Theory, MemberData(nameof(Grids))]
    public void Apply_ReferenceField_EqualsTheReferenceToTheBit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("numerics.json", id);
        var shape = inputs.GetProperty("field").GetProperty("shape");
        var source = new Field(shape[0].GetInt32(), shape[1].GetInt32(), GoldenFile.Array(inputs.GetProperty("field")));
        var boundary = Enum.Parse<Boundary>(inputs.GetProperty("boundary").GetString()!, ignoreCase: true);

        Assert.Equal(GoldenFile.Array(outputs.GetProperty("laplacian")), Apply(source, boundary).Cells.ToArray());
    }

    [Theory, MemberData(nameof(Boundaries))]
    public void Apply_AnyShape_MatchesNaive(Boundary boundary)
    {
        foreach (var rowCount in new[] { 1, 2, 3, 5, 16 })
        {
            for (var columnCount = 1; columnCount <= 68; columnCount++)
            {
                var source = RandomField(rowCount, columnCount, seed: (rowCount * 100) + columnCount);

                Assert.Equal(NaiveLaplacian(source, boundary), Apply(source, boundary).Cells.ToArray());
            }
        }
    }

    [Theory]
    [InlineData(Boundary.Periodic)]
    [InlineData(Boundary.Neumann)]
    public void Apply_ClosedBoundary_ConservesTheSumAndKillsConstants(Boundary boundary) =>
        Prop.ForAll(
            Gen.Choose(1, 20).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var source = RandomField(rowCount, columnCount, seed);
                var constant = new Field(rowCount, columnCount);
                constant.Cells.Fill(0.5);

                // Each of the cells' five terms is below 1, and its rounding below 2^-53 of that.
                var roundingBound = rowCount * columnCount * 10 * Math.Pow(2, -53);
                return Math.Abs(Apply(source, boundary).Cells.ToArray().Sum()) <= roundingBound
                    && Apply(constant, boundary).Cells.IndexOfAnyExcept(0.0) < 0;
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Apply_PeriodicShiftedField_IsTheShiftedLaplacian()
    {
        var source = RandomField(7, 9, seed: 1);
        var shifted = new Field(7, 9);
        for (var i = 0; i < 7; i++)
        {
            for (var j = 0; j < 9; j++)
            {
                shifted[(i + 2) % 7, (j + 5) % 9] = source[i, j];
            }
        }

        var laplacian = Apply(source, Boundary.Periodic);
        var shiftedLaplacian = Apply(shifted, Boundary.Periodic);

        for (var i = 0; i < 7; i++)
        {
            for (var j = 0; j < 9; j++)
            {
                Assert.Equal(laplacian[i, j], shiftedLaplacian[(i + 2) % 7, (j + 5) % 9]);
            }
        }
    }

    [Fact]
    public void Apply_ToItselfOrAnotherShape_IsRefused()
    {
        var field = new Field(2, 3);

        Assert.Throws<ArgumentException>(() => Laplacian.Apply(field, Boundary.Periodic, field));
        Assert.Throws<ArgumentException>(() => Laplacian.Apply(field, Boundary.Periodic, new Field(3, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Laplacian.Apply(field, (Boundary)9, new Field(2, 3)));
    }

    private static Field Apply(Field source, Boundary boundary)
    {
        var destination = new Field(source.RowCount, source.ColumnCount);
        Laplacian.Apply(source, boundary, destination);
        return destination;
    }

    private static Field RandomField(int rowCount, int columnCount, int seed)
    {
        var random = new RandomGenerator(seed);
        var field = new Field(rowCount, columnCount);
        foreach (ref var cell in field.Cells)
        {
            cell = random.Uniform(-0.1, 0.1);
        }

        return field;
    }

    /// <summary>Cell by cell, with the order of additions as the reference has it.</summary>
    private static double[] NaiveLaplacian(Field u, Boundary boundary)
    {
        var result = new List<double>();
        for (var i = 0; i < u.RowCount; i++)
        {
            for (var j = 0; j < u.ColumnCount; j++)
            {
                result.Add(boundary == Boundary.Dirichlet
                    ? (((At(i + 1, j) + At(i - 1, j)) + At(i, j + 1)) + At(i, j - 1)) - (4.0 * u[i, j])
                    : (((At(i - 1, j) + At(i + 1, j)) + At(i, j - 1)) + At(i, j + 1)) - (4.0 * u[i, j]));
            }
        }

        return [.. result];

        double At(int row, int column) => boundary switch
        {
            Boundary.Periodic => u[(row + u.RowCount) % u.RowCount, (column + u.ColumnCount) % u.ColumnCount],
            Boundary.Neumann => u[Math.Clamp(row, 0, u.RowCount - 1), Math.Clamp(column, 0, u.ColumnCount - 1)],
            _ => row < 0 || column < 0 || row >= u.RowCount || column >= u.ColumnCount ? 0.0 : u[row, column],
        };
    }
}
