using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Tests.Kinetics;

public class ImplicitDiffusionTests
{
    private const double Ratio = 3.7;

    public static TheoryData<int, int, Boundary> Shapes
    {
        get
        {
            var shapes = new TheoryData<int, int, Boundary>();
            foreach (var boundary in Enum.GetValues<Boundary>())
            {
                foreach (var (rowCount, columnCount) in new[] { (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (1, 5), (3, 3), (4, 7), (8, 8), (17, 9), (9, 33), (40, 67), (65, 130), (150, 73) })
                {
                    shapes.Add(rowCount, columnCount, boundary);
                }
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Solve_AnyShape_GivesBackTheRightSide(int rowCount, int columnCount, Boundary kind)
    {
        var boundary = new SpeciesBoundary(kind, kind == Boundary.Dirichlet ? 0.3 : 0);
        var rightSide = Random(rowCount * columnCount);
        var solution = Solve<double, Bits256<double>>(rowCount, columnCount, boundary, rightSide);

        var rebuilt = NaiveImplicitDiffusion.Apply(solution, rowCount, columnCount, Ratio, boundary);
        for (var i = 0; i < rightSide.Length; i++)
        {
            Assert.Equal(rightSide[i], rebuilt[i], 1e-13);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Solve_AnyVectorWidth_HasTheBitsOfTheDocumentedOperations(int rowCount, int columnCount, Boundary kind)
    {
        var boundary = new SpeciesBoundary(kind, kind == Boundary.Dirichlet ? 0.3 : 0);
        var doubles = Random(rowCount * columnCount);
        var solution = NaiveImplicitDiffusion.Solve(doubles, rowCount, columnCount, Ratio, boundary);
        Assert.Equal(solution, Solve<double, Bits128<double>>(rowCount, columnCount, boundary, doubles));
        Assert.Equal(solution, Solve<double, Bits256<double>>(rowCount, columnCount, boundary, doubles));
        Assert.Equal(solution, Solve<double, Bits512<double>>(rowCount, columnCount, boundary, doubles));

        var singles = Array.ConvertAll(doubles, value => (float)value);
        var singleSolution = NaiveImplicitDiffusion.Solve(singles, rowCount, columnCount, Ratio, boundary);
        Assert.Equal(singleSolution, Solve<float, Bits128<float>>(rowCount, columnCount, boundary, singles));
        Assert.Equal(singleSolution, Solve<float, Bits256<float>>(rowCount, columnCount, boundary, singles));
        Assert.Equal(singleSolution, Solve<float, Bits512<float>>(rowCount, columnCount, boundary, singles));
    }

    [Theory]
    [InlineData(Boundary.Periodic)]
    [InlineData(Boundary.Neumann)]
    public void Solve_NothingFlowsThroughTheRim_KeepsTheSum(Boundary kind)
    {
        var rightSide = Random(31 * 45);
        var solution = Solve<double, Bits256<double>>(31, 45, new SpeciesBoundary(kind), rightSide);
        Assert.Equal(rightSide.Sum(), solution.Sum(), 1e-11);
    }

    [Fact]
    public void Solve_Singles_AreCloseToDoubles()
    {
        var rightSide = Random(65 * 64);
        var doubles = Solve<double, Bits256<double>>(65, 64, new SpeciesBoundary(Boundary.Periodic), rightSide);
        var singles = Solve<float, Bits256<float>>(65, 64, new SpeciesBoundary(Boundary.Periodic), Array.ConvertAll(rightSide, value => (float)value));
        for (var i = 0; i < doubles.Length; i++)
        {
            Assert.Equal(doubles[i], singles[i], 2e-6);
        }
    }

    [Fact]
    public void Solve_SomeRowsAtATime_HasTheBitsOfAllAtOnce()
    {
        const int RowCount = 23;
        const int ColumnCount = 37;
        var boundary = new SpeciesBoundary(Boundary.Periodic);
        var whole = Solve<double, Bits256<double>>(RowCount, ColumnCount, boundary, Random(RowCount * ColumnCount));

        var parts = Random(RowCount * ColumnCount);
        var diffusion = new ImplicitDiffusion<double, Bits256<double>>(RowCount, ColumnCount, Ratio, boundary);
        foreach (var (first, count) in new[] { (0, 5), (5, 1), (6, 17) })
        {
            diffusion.SolveRows(ref parts[first * ColumnCount], count);
            diffusion.EliminateColumns(ref parts[0], first, first + count);
        }

        foreach (var (first, end) in new[] { (22, 23), (9, 22), (8, 9), (0, 8) })
        {
            diffusion.SubstituteColumns(ref parts[0], first, end);
        }

        Assert.Equal(whole, parts);
    }

    private static T[] Solve<T, TVector>(int rowCount, int columnCount, SpeciesBoundary boundary, T[] rightSide)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
    {
        var cells = (T[])rightSide.Clone();
        var diffusion = new ImplicitDiffusion<T, TVector>(rowCount, columnCount, Ratio, boundary);
        diffusion.SolveRows(ref cells[0], rowCount);
        diffusion.EliminateColumns(ref cells[0], 0, rowCount);
        diffusion.SubstituteColumns(ref cells[0], 0, rowCount);
        return cells;
    }

    private static double[] Random(int count)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
    }
}
