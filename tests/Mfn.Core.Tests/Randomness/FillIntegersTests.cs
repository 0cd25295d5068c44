using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Randomness;

public sealed class FillIntegersTests
{
    // The last one is rejected in one of four draws.
    public static TheoryData<int> Counts => [1, 2, 3, 4, 7, 1000, int.MaxValue, 3 << 29];

    [Theory, MemberData(nameof(Counts))]
    public void FillIntegers_AnyLength_DrawsWhatSingleCallsDraw(int count)
    {
        var (filling, single) = (new RandomGenerator(11), new RandomGenerator(11));
        for (var length = 0; length < 40; length++)
        {
            var values = new int[length];
            filling.FillIntegers(count, values);

            Assert.Equal(Enumerable.Range(0, length).Select(_ => (int)single.NextInt64(0, count)), values);
            Assert.Equal(single.State, filling.State);

            // Draws of 64 bits in between leave a buffered half where it is.
            Assert.Equal(single.NextDouble(), filling.NextDouble());
        }
    }

    [Fact]
    public void FillIntegers_NothingToChooseFrom_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomGenerator(1).FillIntegers(0, new int[1]));
}
