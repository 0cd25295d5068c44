using Mfn.Core.Spectra;

namespace Mfn.Core.Tests.Spectra;

public sealed class RootsOfUnityTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(97)]
    [InlineData(360)]
    [InlineData(1024)]
    public void At_AnyRoot_IsTheDoubleNearestToTheTrueValue(int order)
    {
        var expected = NaiveFourierTransform.Roots(order);
        for (var index = 0; index < order; index++)
        {
            var (cosine, sine) = RootsOfUnity.At(index, order);
            AssertNearest(expected[index].Cosine, cosine);
            AssertNearest(expected[index].Sine, sine);
        }

        // Decimals are off by 1e-25; a true value nearer than that to the middle of two doubles is not among these.
        static void AssertNearest(decimal expected, double actual)
        {
            if (Math.Abs(expected) < 1e-20m)
            {
                Assert.Equal(0, actual);
                return;
            }

            var error = Math.Abs(Exact(actual) - expected);
            Assert.True(error <= Math.Abs(Exact(Math.BitIncrement(actual)) - expected) + 1e-24m, $"{actual:R} is not nearest to {expected}.");
            Assert.True(error <= Math.Abs(Exact(Math.BitDecrement(actual)) - expected) + 1e-24m, $"{actual:R} is not nearest to {expected}.");
        }

        // The conversion of a double to decimal keeps 15 digits; its parts of 26 bits need fewer.
        static decimal Exact(double value)
        {
            var high = Math.Round(value * (1L << 26)) / (1L << 26);
            return ((decimal)(high * (1L << 26)) / (1L << 26)) + ((decimal)Math.ScaleB(value - high, 58) / (1L << 58));
        }
    }

    [Fact]
    public void At_OppositeAndMirroredRoots_AreEqualToTheBit()
    {
        const int Order = 1200;
        for (var index = 1; index < Order / 4; index++)
        {
            var (cosine, sine) = RootsOfUnity.At(index, Order);
            Assert.Equal((sine, cosine), RootsOfUnity.At((Order / 4) - index, Order));
            Assert.Equal((-cosine, -sine), RootsOfUnity.At((Order / 2) + index, Order));
            Assert.Equal((cosine, -sine), RootsOfUnity.At(Order - index, Order));
        }
    }
}
