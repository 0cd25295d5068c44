using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>Updates that are not in memory are aggregated to the same bits, piece by piece.</summary>
public sealed class SourceTests
{
    private const int Count = 15;

    // Three panels in float, and a block and a lane that are not full.
    private const int Length = (2 * 8 * 1024) + 1000;

    private static readonly float[][] Rows = [.. Enumerable.Range(0, Count).Select(Row)];

    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_FromASourceOnAnyThreads_HasTheSameBits(string name)
    {
        var rule = AnyRule.All[name];
        var byzantineCount = rule.Precondition.LargestByzantineCount(Count)!.Value;
        var expected = Hash(rule.Aggregate(AnyRule.SetOf(Rows), byzantineCount));
        foreach (var threadCount in new[] { 1, 2, 4 })
        {
            var source = new RowSource(Rows);
            var admitted = Admission.Admit([.. Enumerable.Range(0, Count).Select(i => $"{i:D2}")], source, new AdmissionPolicy { Length = Length });

            Assert.Empty(admitted.Excluded);
            Assert.Equal(expected, Hash(rule.Aggregate(admitted.Admitted, byzantineCount, threadCount)));
        }
    }

    [Fact]
    public void Transform_FromASource_HasTheSameBits()
    {
        foreach (var preAggregation in AnyRule.PreAggregations.Values)
        {
            var (updates, _) = Admission.Admit(
                [.. Enumerable.Range(0, Count).Select(i => $"{i:D2}")], new RowSource(Rows), new AdmissionPolicy { Length = Length });

            Assert.Equal(AnyRule.Rows(preAggregation.Transform(AnyRule.SetOf(Rows), 2)), AnyRule.Rows(preAggregation.Transform(updates, 2)));
        }
    }

    [Theory, MemberData(nameof(AnyRule.Names), MemberType = typeof(AnyRule))]
    public void Aggregate_CancelledWhileItReads_EndsAsCancelled(string name)
    {
        var rule = AnyRule.All[name];
        foreach (var threadCount in new[] { 1, 2 })
        {
            using var cancellation = new CancellationTokenSource();
            var source = new CancellingSource(Rows);
            var (updates, _) = Admission.Admit([.. Enumerable.Range(0, Count).Select(i => $"{i:D2}")], source, new AdmissionPolicy { Length = Length });
            source.OnRead = cancellation.Cancel;

            Assert.ThrowsAny<OperationCanceledException>(
                () => rule.Aggregate(updates, rule.Precondition.LargestByzantineCount(Count)!.Value, threadCount, cancellation.Token));
        }
    }

    // Neighbours in a ring of 1000 are farther apart than others: whether 24 cover these pairs takes minutes to find out.
    [Fact]
    public void MinimumDiameterAveraging_CancelledInItsSearch_Ends()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        Assert.ThrowsAny<OperationCanceledException>(
            () => new MinimumDiameterAveraging().Aggregate(AnyRule.SetOf(Ring(1000)), 24, cancellationToken: cancellation.Token));
    }

    [Theory]
    [InlineData("krum blanchard2017", 1)]
    [InlineData("multi-krum blanchard2017", 2)]
    [InlineData("mda", 2)]
    [InlineData("hierarchical-krum", 2)]
    [InlineData("hierarchical-krum mfn-4.1-compat", 3)]
    [InlineData("median", 1)]
    [InlineData("trimmed-mean", 1)]
    [InlineData("meamed", 1)]
    public void Aggregate_FromASource_ReadsPiecesAFewTimes(string name, int passCount)
    {
        var source = new RowSource(Rows);
        var updates = Admission.Admit([.. Enumerable.Range(0, Count).Select(i => $"{i:D2}")], source, new AdmissionPolicy { Length = Length });
        source.Clear();

        var result = AnyRule.All[name].Aggregate(updates.Admitted, 1);

        // The one that Krum selects is read again as a whole.
        Assert.InRange(source.ComponentCount, 1L * Count * Length, (long)passCount * Count * Length + Length);
        Assert.True(source.LargestPiece <= 4096 || name is ['k', ..] or ['h', ..], $"{source.LargestPiece}");
        Assert.Equal(Length, result.Vector.Length);
    }

    [Fact]
    public void Admit_FromASource_RefusesAsFromMemory()
    {
        float[][] rows = [[3, 4], [3, 4.01f], [0, float.NaN], [1, 1], [1, 1], [0, 0]];
        string[] ids = ["f", "b", "c", "e", "e", "a"];
        var policy = new AdmissionPolicy { Length = 2, NormCap = 5, MaximumWeight = 3 };
        double[] weights = [1, 1, 1, 1, 1, 4];

        var fromSource = Admission.Admit([.. ids], new RowSource(rows), policy, [.. weights]);
        var fromMemory = Admission.Admit(rows.Select((row, i) => new Update(ids[i], row, weights[i])), policy);

        Assert.Equal(["f"], fromSource.Admitted.ClientIds.ToArray());
        Assert.Equal(fromMemory.Excluded.ToArray(), fromSource.Excluded.ToArray());
        Assert.Equal([3, 4], fromSource.Admitted[0].ToArray());
        Assert.Throws<ArgumentException>(() => Admission.Admit(["a"], new RowSource(rows), policy));
        Assert.Throws<ArgumentException>(() => Admission.Admit([.. ids], new RowSource(rows), policy, [1.0]));
    }

    [Fact]
    public void Admit_NonFiniteAnywhere_IsNamed()
    {
        for (var place = 0; place < 40; place++)
        {
            foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                var vector = new float[40];
                Array.Fill(vector, float.MinValue);
                vector[place] = value;

                var refusal = Admission.Admit([new Update("a", vector)], new AdmissionPolicy { Length = 40 }).Excluded.Single();

                Assert.Equal($"has a component {place} that is not finite", refusal.Description);
            }
        }
    }

    private static string Hash(AggregationResult result) =>
        GoldenFile.Hash(result.Vector.Span) + GoldenFile.Hash(result.Scores.AsSpan()) + string.Join(' ', result.Selected);

    private static float[] Row(int seed)
    {
        var random = new RandomGenerator(seed);
        return [.. Enumerable.Range(0, Length).Select(_ => (float)random.Normal(1, 1))];
    }

    private static float[][] Ring(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var vector = new float[count];
        vector[i] = 1;
        vector[(i + 1) % count] = vector[(i + count - 1) % count] = -0.125f;
        return vector;
    })];

    private sealed class CancellingSource(float[][] rows) : IUpdateSource
    {
        public Action OnRead { get; set; } = () => { };

        public int Count => rows.Length;

        public int Length => rows[0].Length;

        public void Read(int update, int start, Span<float> destination)
        {
            rows[update].AsSpan(start, destination.Length).CopyTo(destination);
            OnRead();
        }
    }

    private sealed class RowSource(float[][] rows) : IUpdateSource
    {
        private long _componentCount;

        public int Count => rows.Length;

        public int Length => rows[0].Length;

        public long ComponentCount => _componentCount;

        public int LargestPiece { get; private set; }

        public void Clear() => (_componentCount, LargestPiece) = (0, 0);

        public void Read(int update, int start, Span<float> destination)
        {
            rows[update].AsSpan(start, destination.Length).CopyTo(destination);
            Interlocked.Add(ref _componentCount, destination.Length);
            LargestPiece = Math.Max(LargestPiece, destination.Length);
        }
    }
}
