using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Features;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Features;

public sealed class ClusterFinderTests
{
    public static TheoryData<Connectivity> Connectivities => [.. Enum.GetValues<Connectivity>()];

    [Theory, MemberData(nameof(Connectivities))]
    public void FindSizes_AnyRectangle_MatchesNaiveFloodFill(Connectivity connectivity) =>
        Prop.ForAll(
            Gen.Choose(1, 30).Zip(Gen.OneOf(Gen.Choose(1, 30), Gen.Choose(60, 200))).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shapeAndSeed =>
            {
                var ((rowCount, columnCount), seed) = shapeAndSeed;
                var mask = RandomMask(rowCount * columnCount, seed);
                var finder = new ClusterFinder(rowCount, columnCount, connectivity);

                var expected = NaiveFloodFill(mask, rowCount, columnCount, connectivity);
                return expected.SequenceEqual(finder.FindSizes(mask).ToArray())
                    && expected.Count == finder.Count(CellMask.Of(mask, rowCount, columnCount));
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL).WithMaxTest(400));

    [Theory, MemberData(nameof(Connectivities))]
    public void FindSizes_SecondMask_OwesNothingToTheFirst(Connectivity connectivity)
    {
        var finder = new ClusterFinder(9, 7, connectivity);
        for (var seed = 0; seed < 20; seed++)
        {
            var mask = RandomMask(9 * 7, seed);
            Assert.Equal(NaiveFloodFill(mask, 9, 7, connectivity), finder.FindSizes(mask).ToArray());
        }
    }

    [Fact]
    public void FindSizes_CheckerboardAndDiagonal_DependOnConnectivity()
    {
        var checkerboard = Enumerable.Range(0, 25).Select(cell => cell % 2 == 0).ToArray();

        Assert.Equal(Enumerable.Repeat(1, 13), new ClusterFinder(5, 5, Connectivity.Four).FindSizes(checkerboard).ToArray());
        Assert.Equal([13], new ClusterFinder(5, 5, Connectivity.Eight).FindSizes(checkerboard).ToArray());
    }

    [Fact]
    public void FindSizes_SpiralAndComb_AreOneCluster()
    {
        // The teeth of a comb meet in the last row only; a spiral turns back on itself: both defer the union as long as possible.
        const int Extent = 65;
        var comb = Enumerable.Range(0, Extent * Extent).Select(cell => cell / Extent == Extent - 1 || cell % Extent % 2 == 0).ToArray();

        Assert.Equal([comb.Count(isSet => isSet)], new ClusterFinder(Extent, Extent, Connectivity.Four).FindSizes(comb).ToArray());

        bool[] spiral =
        [
            true, true, true, true, true,
            false, false, false, false, true,
            true, true, true, false, true,
            true, false, false, false, true,
            true, true, true, true, true,
        ];
        Assert.Equal([17], new ClusterFinder(5, 5, Connectivity.Four).FindSizes(spiral).ToArray());
    }

    [Fact]
    public void FindSizes_Rows_DoNotWrapAround()
    {
        // The end of one row and the start of the next are neighbours in memory alone.
        bool[] mask = [false, false, true, true, false, false];

        Assert.Equal([1, 1], new ClusterFinder(2, 3, Connectivity.Four).FindSizes(mask).ToArray());
        Assert.Equal([1, 1], new ClusterFinder(2, 3, Connectivity.Eight).FindSizes(mask).ToArray());
        Assert.Equal([2], new ClusterFinder(1, 6, Connectivity.Four).FindSizes(mask).ToArray());
        Assert.Equal([2], new ClusterFinder(6, 1, Connectivity.Four).FindSizes(mask).ToArray());
    }

    [Fact]
    public void Finder_ImpossibleArguments_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterFinder(0, 3, Connectivity.Four));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterFinder(3, 0, Connectivity.Four));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterFinder(3, 3, (Connectivity)6));
        Assert.Throws<ArgumentException>(() => new ClusterFinder(2, 3, Connectivity.Four).FindSizes(new bool[5]));
    }

    /// <summary>Fills from each cell in turn with a queue, looking at all neighbours.</summary>
    internal static List<int> NaiveFloodFill(bool[] mask, int rowCount, int columnCount, Connectivity connectivity)
    {
        var sizes = new List<int>();
        var isSeen = new bool[mask.Length];
        for (var start = 0; start < mask.Length; start++)
        {
            if (!mask[start] || isSeen[start])
            {
                continue;
            }

            var size = 0;
            var queue = new Queue<int>([start]);
            isSeen[start] = true;
            while (queue.TryDequeue(out var cell))
            {
                size++;
                for (var i = -1; i <= 1; i++)
                {
                    for (var j = -1; j <= 1; j++)
                    {
                        var (row, column) = ((cell / columnCount) + i, (cell % columnCount) + j);
                        var isNeighbour = connectivity == Connectivity.Eight || i == 0 || j == 0;
                        if (isNeighbour && row >= 0 && row < rowCount && column >= 0 && column < columnCount
                            && mask[(row * columnCount) + column] && !isSeen[(row * columnCount) + column])
                        {
                            isSeen[(row * columnCount) + column] = true;
                            queue.Enqueue((row * columnCount) + column);
                        }
                    }
                }
            }

            sizes.Add(size);
        }

        return sizes;
    }

    private static bool[] RandomMask(int cellCount, int seed)
    {
        var random = new RandomGenerator(seed);
        var share = random.NextDouble();
        return [.. Enumerable.Range(0, cellCount).Select(_ => random.NextDouble() < share)];
    }
}
