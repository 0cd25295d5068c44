using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>
/// Means of many large subsets of the same updates: a product of matrices, of which one says who is in which subset. Every sum is in double
/// and in the order of the updates, as if the others were not there, for adding a zero changes nothing.
/// </summary>
internal static class SubsetMeans
{
    // The accumulators of a tile, so many subsets for two vectors of components, stay in registers.
    private const int TileSubsets = 4;

    // Values of a block in double that stay in the second cache.
    private const int BlockValues = 1 << 16;

    private static int TileLength => 2 * Vector<double>.Count;

    /// <summary>The mean of each subset, given by indices of updates; all of one size.</summary>
    public static float[][] Of(UpdateSet updates, IReadOnlyList<int[]> subsets, int threadCount, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        var size = subsets[0].Length;
        var tiles = subsets.Chunk(TileSubsets).Select(tile => Memberships(tile, updates.Count)).ToArray();
        var means = subsets.Select(_ => new float[updates.Length]).ToArray();
        var blockLength = Math.Clamp((updates.Length + TileLength - 1) / TileLength, 1, Math.Max(1, BlockValues / updates.Count / TileLength)) * TileLength;
        Parallel.For(
            0,
            (updates.Length + blockLength - 1) / blockLength,
            new ParallelOptions { MaxDegreeOfParallelism = threadCount, CancellationToken = cancellationToken },
            () => (Values: new double[updates.Count * blockLength], Piece: new float[blockLength]),
            (block, _, buffers) =>
            {
                var start = block * blockLength;
                var length = Math.Min(blockLength, updates.Length - start);
                for (var update = 0; update < updates.Count; update++)
                {
                    updates.Read(update, start, buffers.Piece.AsSpan(0, length));
                    for (var column = 0; column < length; column += TileLength)
                    {
                        Widening.Copy(buffers.Piece.AsSpan(column, TileLength), Strip(buffers.Values, column)[(update * TileLength)..]);
                    }
                }

                Span<double> sums = stackalloc double[TileSubsets * TileLength];
                for (var column = 0; column < length; column += TileLength)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    for (var tile = 0; tile < tiles.Length; tile++)
                    {
                        Sum(tiles[tile], Strip(buffers.Values, column), sums);
                        for (var i = 0; i < TileSubsets && (tile * TileSubsets) + i < means.Length; i++)
                        {
                            var destination = means[(tile * TileSubsets) + i].AsSpan(start + column, Math.Min(TileLength, length - column));
                            for (var component = 0; component < destination.Length; component++)
                            {
                                destination[component] = (float)(sums[(i * TileLength) + component] / size);
                            }
                        }
                    }
                }

                return buffers;
            },
            _ => { });
        return means;

        // So many components of all updates lie together.
        Span<double> Strip(double[] values, int column) => values.AsSpan(column * updates.Count, TileLength * updates.Count);
    }

    /// <summary>For each update <see cref="TileSubsets"/> numbers: 1 for the subsets that it is in, and 0 for the others.</summary>
    private static double[] Memberships(int[][] subsets, int updateCount)
    {
        var memberships = new double[updateCount * TileSubsets];
        foreach (var (i, subset) in subsets.Index())
        {
            foreach (var update in subset)
            {
                memberships[(update * TileSubsets) + i] = 1;
            }
        }

        return memberships;
    }

    /// <summary>The sums of <see cref="TileSubsets"/> subsets for <see cref="TileLength"/> components, update by update.</summary>
    private static void Sum(double[] memberships, ReadOnlySpan<double> values, Span<double> sums)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, memberships.Length / TileSubsets * TileLength);
        ref var value = ref MemoryMarshal.GetReference(values);
        ref var membership = ref MemoryMarshal.GetArrayDataReference(memberships);
        var (a0, a1, b0, b1) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var (c0, c1, d0, d1) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        for (var update = 0; update < memberships.Length / TileSubsets; update++)
        {
            var low = Vector.LoadUnsafe(ref value);
            var high = Vector.LoadUnsafe(ref value, (nuint)Vector<double>.Count);
            Add(low, high, membership, ref a0, ref a1);
            Add(low, high, Unsafe.Add(ref membership, 1), ref b0, ref b1);
            Add(low, high, Unsafe.Add(ref membership, 2), ref c0, ref c1);
            Add(low, high, Unsafe.Add(ref membership, 3), ref d0, ref d1);
            value = ref Unsafe.Add(ref value, TileLength);
            membership = ref Unsafe.Add(ref membership, TileSubsets);
        }

        a0.CopyTo(sums);
        a1.CopyTo(sums[Vector<double>.Count..]);
        b0.CopyTo(sums[TileLength..]);
        b1.CopyTo(sums[(TileLength + Vector<double>.Count)..]);
        c0.CopyTo(sums[(2 * TileLength)..]);
        c1.CopyTo(sums[((2 * TileLength) + Vector<double>.Count)..]);
        d0.CopyTo(sums[(3 * TileLength)..]);
        d1.CopyTo(sums[((3 * TileLength) + Vector<double>.Count)..]);

        // A product with 0 or 1 is exact, so that it makes no difference whether it is rounded before it is added.
        static void Add(Vector<double> low, Vector<double> high, double isIn, ref Vector<double> sumLow, ref Vector<double> sumHigh)
        {
            var members = new Vector<double>(isIn);
            sumLow = Vector.FusedMultiplyAdd(low, members, sumLow);
            sumHigh = Vector.FusedMultiplyAdd(high, members, sumHigh);
        }
    }
}
