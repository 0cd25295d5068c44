using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Kinetics;

public sealed class InitialPatternTests
{
    public static TheoryData<InitialShape, Boundary> Shapes
    {
        get
        {
            var data = new TheoryData<InitialShape, Boundary>();
            foreach (var shape in Enum.GetValues<InitialShape>())
            {
                data.Add(shape, Boundary.Periodic);
                data.Add(shape, Boundary.Neumann);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Draw_AnyShape_IsWhatItsDefinitionSaysOfEachCell(InitialShape shape, Boundary boundary)
    {
        // Whole and broken radii, those whose squares are sums of squares, and some beyond every rim.
        double[] sizes = [0.3, 1, Math.Sqrt(2), 2.5, 5, Math.Sqrt(50), 12, 40, 1e200];
        foreach (var (rowCount, columnCount) in new[] { (4, 4), (9, 23), (31, 8), (1, 12) })
        {
            foreach (var size in sizes)
            {
                var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("gray-scott")!)) with
                {
                    RowCount = rowCount,
                    ColumnCount = columnCount,
                    Boundaries = [new(boundary), new(boundary)],
                    Initial = new InitialPattern { Uniform = [1, 2], Inside = [3, 4], Shape = shape, Size = size, PatchCount = shape == InitialShape.Patches ? 3 : 0, StripeCount = shape == InitialShape.Stripes ? 2 : 0 },
                };
                using var engine = new SimulationEngine(new SimulationSpec { Pattern = pattern, StepCount = 1, Seed = 9 });

                var centres = Centres(pattern, seed: 9);
                for (var i = 0; i < pattern.CellCount; i++)
                {
                    for (var species = 0; species < 2; species++)
                    {
                        var expected = IsInside(pattern, centres, species, i / columnCount, i % columnCount) ? 3 + species : 1 + species;
                        Assert.True(expected == engine.Species(species)[i], $"{rowCount} x {columnCount}, size {size}, species {species}, cell {i}");
                    }
                }
            }
        }
    }

    /// <summary>As many patches as may be, over and over the same cells: looking at each patch in each cell would take minutes.</summary>
    [Fact]
    public void Draw_MostPatches_CostsNoMoreThanTheirRows()
    {
        var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("gray-scott")!)) with { RowCount = 1024, ColumnCount = 1024 };
        var spec = new SimulationSpec { StepCount = 1, Pattern = pattern with { Initial = pattern.Initial with { PatchCount = 100_000, Size = 0.5, Noise = 0 } } };
        Assert.Equal(["PatchCount"], (pattern with { Initial = pattern.Initial with { PatchCount = 100_001 } }).FindProblems().Select(problem => problem.Parameter));

        using var engine = new SimulationEngine(spec);

        // So many draws from 2^20 cells hit that many different ones: 2^20 (1 - exp(-100000 / 2^20)), and 300 is their standard deviation three times.
        Assert.InRange(engine.Species(0).ToArray().Count(cell => cell == 0.5), 95_050, 95_850);
    }

    private static List<(int Row, int Column)> Centres(PatternSpec pattern, ulong seed)
    {
        var random = new RandomGenerator(seed);
        return pattern.Initial.Shape switch
        {
            InitialShape.Patches => [.. Enumerable.Range(0, 3).Select(_ => ((int)random.NextInt64(0, pattern.RowCount), (int)random.NextInt64(0, pattern.ColumnCount)))],
            InitialShape.Centre => [(pattern.RowCount / 2, pattern.ColumnCount / 2)],
            _ => [],
        };
    }

    private static bool IsInside(PatternSpec pattern, List<(int Row, int Column)> centres, int species, int row, int column)
    {
        switch (pattern.Initial.Shape)
        {
            case InitialShape.Stripes:
                // As a part of the way from one stripe's first row to the next one's.
                return row * 2 % pattern.RowCount < pattern.Initial.Size * 2;
            case InitialShape.Quadrant:
                return species == 0 ? row < pattern.RowCount / 2 : column < pattern.ColumnCount / 2;
            default:
                return centres.Exists(centre =>
                {
                    var (down, across) = (Math.Abs(row - centre.Row), Math.Abs(column - centre.Column));
                    if (pattern.Boundaries[0].Kind == Boundary.Periodic)
                    {
                        (down, across) = (Math.Min(down, pattern.RowCount - down), Math.Min(across, pattern.ColumnCount - across));
                    }

                    return (double)((down * down) + (across * across)) <= pattern.Initial.Size * pattern.Initial.Size;
                });
        }
    }
}
