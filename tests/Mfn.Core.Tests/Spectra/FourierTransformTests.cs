using Mfn.Core.Randomness;
using Mfn.Core.Spectra;

namespace Mfn.Core.Tests.Spectra;

public sealed class FourierTransformTests
{
    // Every radix, products of them, primes for the chirp, and lengths with both kinds of factors.
    public static TheoryData<int> Lengths => [.. Enumerable.Range(1, 66), 74, 97, 101, 111, 127, 128, 169, 192, 210, 243, 251, 256];

    [Theory, MemberData(nameof(Lengths))]
    public void Forward_AnyLength_IsWithinTheStatedErrorOfDecimals(int length)
    {
        var (real, imaginary) = (Noise(length, 1), Noise(length, 2));
        var (expectedReal, expectedImaginary) = NaiveFourierTransform.Forward(real, imaginary);

        new FourierTransform(length).Forward(real, imaginary);

        Assert.InRange(Distance(real, imaginary, expectedReal, expectedImaginary) / Norm(expectedReal, expectedImaginary), 0, Bound(length));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Forward_RealValues_IsWithinTheStatedErrorOfDecimals(int length)
    {
        var values = Noise(length, 3);
        var (expectedReal, expectedImaginary) = NaiveFourierTransform.Forward(values, new double[length]);
        var transform = new RealFourierTransform(length);
        var (real, imaginary) = (new double[transform.CoefficientCount], new double[transform.CoefficientCount]);

        transform.Forward(values, real, imaginary);

        var count = transform.CoefficientCount;
        Assert.InRange(
            Distance(real, imaginary, expectedReal[..count], expectedImaginary[..count]) / Norm(expectedReal[..count], expectedImaginary[..count]),
            0,
            2 * Bound(length));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Inverse_OfForward_IsTheValues(int length)
    {
        var values = Noise(length, 4);
        var transform = new RealFourierTransform(length);
        var (real, imaginary) = (new double[transform.CoefficientCount], new double[transform.CoefficientCount]);
        var back = new double[length];

        transform.Forward(values, real, imaginary);
        transform.Inverse(real, imaginary, back);

        var zeros = new double[length];
        Assert.InRange(Distance(back, zeros, values, zeros) / Norm(values, zeros), 0, 4 * Bound(length));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4095)]
    [InlineData(4093)]
    [InlineData(2 * 2039)]
    public void Forward_LongTransforms_KeepPowerAndTurnAShiftIntoPhases(int length)
    {
        var (real, imaginary) = (Noise(length, 5), Noise(length, 6));
        const int Shift = 77;
        var (shiftedReal, shiftedImaginary) = (Shifted(real, Shift), Shifted(imaginary, Shift));
        var power = Norm(real, imaginary);
        var transform = new FourierTransform(length);

        transform.Forward(real, imaginary);
        transform.Forward(shiftedReal, shiftedImaginary);

        // Parseval, and x_(j−s) has the coefficients X_k exp(−2πi ks/n).
        Assert.Equal(1, Norm(real, imaginary) / Math.Sqrt(length) / power, Bound(length));
        var (expectedReal, expectedImaginary) = (new double[length], new double[length]);
        for (var k = 0; k < length; k++)
        {
            var (sine, cosine) = Math.SinCos(2 * Math.PI * ((long)k * Shift % length) / length);
            expectedReal[k] = (real[k] * cosine) + (imaginary[k] * sine);
            expectedImaginary[k] = (imaginary[k] * cosine) - (real[k] * sine);
        }

        Assert.InRange(
            Distance(shiftedReal, shiftedImaginary, expectedReal, expectedImaginary) / Norm(real, imaginary), 0, 3 * Bound(length));
    }

    [Theory]
    [InlineData(180)]
    [InlineData(181)]
    public void Forward_SumOfMultiples_IsTheSumOfTheTransforms(int length)
    {
        var (a, b) = (Noise(length, 7), Noise(length, 8));
        var sum = a.Zip(b, (x, y) => (2 * x) - (3 * y)).ToArray();
        var zeros = new double[length];
        var transform = new FourierTransform(length);
        var (aImaginary, bImaginary, sumImaginary) = (zeros.ToArray(), zeros.ToArray(), zeros.ToArray());

        transform.Forward(a, aImaginary);
        transform.Forward(b, bImaginary);
        transform.Forward(sum, sumImaginary);

        var expected = a.Zip(b, (x, y) => (2 * x) - (3 * y)).ToArray();
        var expectedImaginary = aImaginary.Zip(bImaginary, (x, y) => (2 * x) - (3 * y)).ToArray();
        Assert.InRange(Distance(sum, sumImaginary, expected, expectedImaginary) / Norm(expected, expectedImaginary), 0, 4 * Bound(length));
    }

    [Theory]
    [InlineData(48)]
    [InlineData(35)]
    [InlineData(74)]
    public void Forward_OneWave_HasTwoCoefficients(int length)
    {
        const int Wave = 3;
        var values = Enumerable.Range(0, length).Select(j => Math.Cos(2 * Math.PI * Wave * j / length)).ToArray();
        var imaginary = new double[length];

        new FourierTransform(length).Forward(values, imaginary);

        for (var k = 0; k < length; k++)
        {
            Assert.Equal(k is Wave || k == length - Wave ? length / 2.0 : 0, values[k], 1e-13 * length);
            Assert.Equal(0, imaginary[k], 1e-13 * length);
        }
    }

    [Fact]
    public void FieldForward_OddAndEvenShapes_MatchTransformsOfRowsThenColumns()
    {
        foreach (var (rowCount, columnCount) in ((int, int)[])[(1, 1), (1, 6), (6, 1), (5, 8), (8, 5), (37, 4)])
        {
            var values = Noise(rowCount * columnCount, 9);
            var transform = new FieldTransform(rowCount, columnCount);
            var (real, imaginary) = (new double[rowCount * transform.CoefficientColumnCount], new double[rowCount * transform.CoefficientColumnCount]);

            transform.Forward(values, real, imaginary);

            var rowRoots = NaiveFourierTransform.Roots(rowCount);
            var columnRoots = NaiveFourierTransform.Roots(columnCount);
            for (var m = 0; m < rowCount; m++)
            {
                for (var n = 0; n < transform.CoefficientColumnCount; n++)
                {
                    var (expectedReal, expectedImaginary) = (0m, 0m);
                    for (var cell = 0; cell < values.Length; cell++)
                    {
                        var (a, b) = (rowRoots[cell / columnCount * m % rowCount], columnRoots[cell % columnCount * n % columnCount]);
                        expectedReal += (decimal)values[cell] * ((a.Cosine * b.Cosine) - (a.Sine * b.Sine));
                        expectedImaginary -= (decimal)values[cell] * ((a.Sine * b.Cosine) + (a.Cosine * b.Sine));
                    }

                    Assert.Equal((double)expectedReal, real[(m * transform.CoefficientColumnCount) + n], 1e-13);
                    Assert.Equal((double)expectedImaginary, imaginary[(m * transform.CoefficientColumnCount) + n], 1e-13);
                }
            }
        }
    }

    [Fact]
    public void Constructor_LengthOutOfRange_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FourierTransform(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FourierTransform(FourierTransform.MaxLength + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RealFourierTransform(0));
        Assert.Throws<ArgumentException>(() => new FourierTransform(4).Forward(new double[4], new double[3]));
    }

    /// <summary>What <see cref="FourierTransform"/> states.</summary>
    private static double Bound(int length) => 2 * Math.Log2(2.0 * length) / (1L << 53);

    /// <summary>Normal values of at most 15 decimal digits, for the conversion to decimal keeps no more.</summary>
    private static double[] Noise(int length, int seed)
    {
        var random = new RandomGenerator(seed);
        return [.. Enumerable.Range(0, length).Select(_ => Math.Round(random.StandardNormal() * 1024) / 1024)];
    }

    private static double[] Shifted(double[] values, int shift) =>
        [.. Enumerable.Range(0, values.Length).Select(j => values[(j - shift + values.Length) % values.Length])];

    private static double Norm(double[] real, double[] imaginary) => Math.Sqrt(real.Sum(x => x * x) + imaginary.Sum(x => x * x));

    private static double Distance(double[] real, double[] imaginary, double[] otherReal, double[] otherImaginary) =>
        Norm([.. real.Zip(otherReal, (x, y) => x - y)], [.. imaginary.Zip(otherImaginary, (x, y) => x - y)]);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(8, 6)]
    [InlineData(31, 31)]
    [InlineData(60, 4 + 3 + 5)]
    [InlineData(37, 128.0 / 37 * ((2 * 14) + 6))]
    public void EffortOf_Length_IsTheSumOfItsRadicesOrThatOfAConvolution(int length, double effort) =>
        Assert.Equal(effort, FourierTransform.EffortOf(length), 12);

    [Fact]
    public void EffortOf_Fields_IsLessWhereColumnsAreHalved()
    {
        Assert.Equal((6 / 2.0) + (4 / 2.0), FieldTransform.EffortOf(8, 8));
        Assert.Equal((6 / 2.0) + 7, FieldTransform.EffortOf(8, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => FieldTransform.EffortOf(0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => FieldTransform.EffortOf(8, FourierTransform.MaxLength + 1));
    }
}
