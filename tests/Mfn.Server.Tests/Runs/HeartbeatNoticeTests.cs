using Mfn.Server.Runs;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Runs;

public sealed class HeartbeatNoticeTests
{
    [Theory]
    [InlineData("00:00:15", 0)]
    [InlineData("00:00:25", 0)]
    [InlineData("00:00:25.001", 1)]
    [InlineData("00:02:00", 1)]
    public async Task Start_HeartbeatsRarerThanProxiesBear_IsWarnedAbout(string interval, int expectedCount)
    {
        using var log = ServerLog.Of<HeartbeatNotice>();
        await using var server = await log.StartServerAsync($"Runs:HeartbeatInterval={interval}");

        Assert.Equal(expectedCount, log.Lines.Count);
        Assert.All(log.Lines, line =>
        {
            Assert.Equal(LogLevel.Warning, line.Level);
            Assert.Contains("Runs:HeartbeatInterval is 00:", line.Message, StringComparison.Ordinal);
            Assert.Contains("At most 00:00:25 is safe", line.Message, StringComparison.Ordinal);
        });
    }
}
