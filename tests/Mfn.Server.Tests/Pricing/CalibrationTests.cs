using System.Collections.Immutable;
using Mfn.Server.Pricing;
using Mfn.Server.Tests.Runs;

namespace Mfn.Server.Tests.Pricing;

public sealed class CalibrationTests
{
    private const int Capacity = KindCalibration.Capacity;

    private static readonly WorkKind Kind = new("step reference euler f64", 6);

    private readonly Calibration _calibration = new();

    [Fact]
    public void Predict_WithoutMeasurements_IsByTheConstants()
    {
        Assert.Equal(TimeSpan.FromSeconds(3), _calibration.Predict(Price.Of(Kind, 1000, 3)));
        Assert.False(_calibration.IsMeasured(new Work(Kind, 1000, 3)));
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(1)]
    [InlineData(40)]
    public void Note_MeasurementsOfAKnownRate_ConvergeToIt(double rate)
    {
        var random = new Random(1);
        for (var i = 0; i < Capacity; i++)
        {
            // Up to a twentieth off, as long as what is measured is.
            _calibration.Note(Kind, 2, TimeSpan.FromSeconds(2 * rate * (0.95 + (0.1 * random.NextDouble()))));
        }

        Assert.InRange(_calibration.Predict(Price.Of(Kind, 1, 10)).TotalSeconds, 9.5 * rate, 10.5 * rate);
        Assert.True(_calibration.IsMeasured(new Work(Kind, 1, 10)));
    }

    [Fact]
    public void Note_OfABusyMachineNowAndThen_ChangesNothing()
    {
        for (var i = 0; i < 100; i++)
        {
            _calibration.Note(Kind, 1, TimeSpan.FromSeconds(i % 5 < 2 ? 50 : 2));
        }

        Assert.Equal(TimeSpan.FromSeconds(2), _calibration.Predict(Price.Of(Kind, 1, 1)));
    }

    [Fact]
    public void Note_OfAMachineThatHasBecomeSlower_IsFollowed()
    {
        for (var i = 0; i < 1000; i++)
        {
            _calibration.Note(Kind, 1, TimeSpan.FromSeconds(2));
        }

        for (var i = 0; i < 1 + (Capacity * 2 / 3); i++)
        {
            _calibration.Note(Kind, 1, TimeSpan.FromSeconds(3));
        }

        Assert.Equal(TimeSpan.FromSeconds(3), _calibration.Predict(Price.Of(Kind, 1, 1)));
    }

    [Fact]
    public void Note_OfABrokenClock_StaysWithinReason()
    {
        _calibration.Note(Kind, 1, TimeSpan.FromDays(1000));
        Assert.Equal(TimeSpan.FromSeconds(1000), _calibration.Predict(Price.Of(Kind, 1, 1)));

        _calibration.Note(Kind, 0, TimeSpan.FromSeconds(1));
        _calibration.Note(Kind, 1, TimeSpan.Zero);
        _calibration.Note(Kind, 1, TimeSpan.FromSeconds(-1));
        Assert.Equal(1, _calibration.NoteCount);
    }

    [Fact]
    public void Predict_OfWhatWasNotMeasured_IsAsTheNearestSizeElseAsOthersOfItsSort()
    {
        _calibration.Note(Kind with { SizeClass = 5 }, 1, TimeSpan.FromSeconds(2));
        _calibration.Note(Kind with { SizeClass = 10 }, 1, TimeSpan.FromSeconds(8));
        _calibration.Note(new WorkKind("step barkley euler f64", 6), 1, TimeSpan.FromSeconds(4));

        Assert.Equal(TimeSpan.FromSeconds(2), _calibration.Predict(Price.Of(Kind, 1, 1)));
        Assert.Equal(TimeSpan.FromSeconds(8), _calibration.Predict(Price.Of(Kind with { SizeClass = 9 }, 1, 1)));
        Assert.Equal(TimeSpan.FromSeconds(4), _calibration.Predict(Price.Of(new WorkKind("step cubic euler f64", 6), 1, 1)));
        Assert.Equal(TimeSpan.FromSeconds(1), _calibration.Predict(Price.Of(new WorkKind("boxes", 6), 1, 1)));
    }

    [Fact]
    public void Predict_OfSeveralParts_AddsThemUp()
    {
        _calibration.Note(Kind, 1, TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(25), _calibration.Predict(Price.Of(Kind, 1, 10) + Price.Of(new WorkKind("boxes", 6), 1, 5)));
        Assert.Equal(TimeSpan.MaxValue / 2, _calibration.Predict(Price.Of(Kind, 1, 1e300)));
    }

    [Fact]
    public void Restore_OfWhatWasKept_PredictsTheSame()
    {
        for (var i = 1; i < 40; i++)
        {
            _calibration.Note(Kind, 1, TimeSpan.FromSeconds(i % 7));
            _calibration.Note(new WorkKind("boxes", i % 3), 1, TimeSpan.FromSeconds(i));
        }

        var other = new Calibration();
        other.Restore(_calibration.Latest);

        Assert.Equal(_calibration.Latest.Select(each => each.Kind), other.Latest.Select(each => each.Kind));
        Assert.All(_calibration.Latest, each => Assert.Equal(_calibration.Predict(Price.Of(each.Kind, 1, 1)), other.Predict(Price.Of(each.Kind, 1, 1))));
        Assert.Equal(4, _calibration.Latest.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1e9)]
    [InlineData(double.NaN)]
    public void Restore_OfWhatCannotHaveBeenNoted_IsRefusedAsAWhole(double factor)
    {
        Assert.Throws<ArgumentException>(() => _calibration.Restore([(Kind, [2.0]), (Kind with { SizeClass = 1 }, [1.0, factor])]));
        Assert.Throws<ArgumentException>(() => _calibration.Restore([(Kind, [.. Enumerable.Repeat(1.0, Capacity + 1)])]));
        Assert.Throws<ArgumentException>(() => _calibration.Restore([.. Enumerable.Range(0, 5000).Select(i => (new WorkKind($"kind {i}", 1), ImmutableArray.Create(1.0)))]));

        Assert.Empty(_calibration.Latest);
    }

    [Fact]
    public void WorkMeter_ShortWork_IsAddedUpUntilItMeansSomething()
    {
        var clock = new ManualClock();
        var meter = new WorkMeter(_calibration, new Work(Kind, 1, 10e-6), clock);

        meter.Add(1, TimeSpan.FromMicroseconds(30));
        meter.Tell();
        Assert.Empty(_calibration.Latest);

        for (var i = 0; i < 4; i++)
        {
            meter.Add(2, TimeSpan.FromMicroseconds(60));
        }

        meter.Tell();
        Assert.Equal([3.0], Assert.Single(_calibration.Latest).Factors, (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(TimeSpan.FromMicroseconds(270), meter.Total);
    }

    [Fact]
    public void WorkMeter_LongWork_IsToldAsItGoes()
    {
        var meter = new WorkMeter(_calibration, new Work(Kind, 1, 0.01), new ManualClock());

        for (var i = 0; i < 100; i++)
        {
            meter.Add(1, TimeSpan.FromMilliseconds(25));
        }

        Assert.Equal(Enumerable.Repeat(2.5, 12), Assert.Single(_calibration.Latest).Factors, (a, b) => Math.Abs(a - b) < 1e-9);
    }
}
