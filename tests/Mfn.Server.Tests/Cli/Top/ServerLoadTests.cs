using Mfn.Cli.Top;

namespace Mfn.Server.Tests.Cli.Top;

public sealed class ServerLoadTests
{
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    [Fact]
    public void Load_OfTwoPages_HasRatesAndShares()
    {
        var load = new ServerLoad(Pages.Second, Pages.First, TenSeconds, Pages.Time);

        Assert.Equal((10.0, 0.5, 1.0), (load.Calls, load.FailedCalls, load.OpenCalls));
        Assert.Equal((0.5, 10.0), (load.Busy, load.Seconds));
        Assert.Equal(("1.2.3", TimeSpan.FromSeconds(100)), (load.Version, load.Uptime));
        Assert.Equal(["disk"], load.FailedChecks);
        Assert.Equal([("history", 200.0), ("runs", 100.0)], load.MemoryByUse);
        Assert.Null(load.FreeStorage);
    }

    /// <summary>98 of the 100 calls took at most 0.1 s, the others at most 1 s: one half of the way between is at rank 99.</summary>
    [Fact]
    public void Percentile_LiesBetweenTheBoundsAroundItsRank() =>
        Assert.Equal(0.55, new ServerLoad(Pages.Second, Pages.First, TenSeconds, Pages.Time).CallTime!.Value, 12);

    [Fact]
    public void Methods_ThatNobodyHasCalled_AreLeftOut()
    {
        var method = Assert.Single(new ServerLoad(Pages.Second, Pages.First, TenSeconds, Pages.Time).Methods);
        Assert.Equal(("s", "Get", 10.0, 0.5, 1.0), (method.Service, method.Method, method.Calls, method.Failed, method.Open));
    }

    [Fact]
    public void Load_OfOnePage_HasNoRates()
    {
        var load = new ServerLoad(Pages.First, before: null, TimeSpan.Zero, Pages.Time);

        Assert.Equal(((double?)null, (double?)null, (double?)null, 300.0), (load.Calls, load.CallTime, load.Seconds, load.HeldMemory));
    }

    /// <summary>The counters of a server that has been started again begin anew: a rate over both would be made up.</summary>
    [Fact]
    public void Load_OfAServerThatWasStartedAgain_HasNoRates()
    {
        var again = MetricPage.Parse("mfn_rpc_handled_total{service=\"s\",method=\"Get\",code=\"OK\"} 500\nprocess_start_time_seconds 1000050\n");

        Assert.Null(new ServerLoad(again, Pages.First, TenSeconds, Pages.Time).Calls);
    }

    [Fact]
    public void Page_OfSomethingElse_IsRefused()
    {
        Assert.Throws<InvalidDataException>(() => MetricPage.Parse("<html>mfn_</html>\nprocess_start_time_seconds 1\n"));
        Assert.Throws<InvalidDataException>(() => MetricPage.Parse(""));
    }

    [Fact]
    public void Page_OddLinesAndQuotes_AreNoTrouble()
    {
        var page = MetricPage.Parse("mfn_input_failing{input=\"a \\\"b\\\", c=d\"} 1\nmfn_broken{\nmfn_late NaN\nmfn_old 7 1700000000000\n");

        Assert.Equal("a \\\"b\\\", c=d", Assert.Single(page.ValuesOf("mfn_input_failing", "input")));
        Assert.Equal(7, page.Sum("mfn_old"));
        Assert.False(page.Has("mfn_broken"));
    }

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(1.24, "1.2")]
    [InlineData(999.0, "999")]
    [InlineData(999.6, "1.0 k")]
    [InlineData(212_345.0, "212 k")]
    [InlineData(3.4e9, "3.4 G")]
    [InlineData(null, "-")]
    [InlineData(double.NaN, "-")]
    public void Count_TakesFewCharacters(double? number, string text) => Assert.Equal(text, Quantity.Count(number));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(12638251008, "12 GiB")]
    public void Bytes_TakeFewCharacters(double number, string text) => Assert.Equal(text, Quantity.Bytes(number));

    [Theory]
    [InlineData(2.5, "2.5 s")]
    [InlineData(0.012, "12 ms")]
    [InlineData(0.000995, "995 us")]
    public void Time_TakesFewCharacters(double seconds, string text) => Assert.Equal(text, Quantity.Time(seconds));
}
