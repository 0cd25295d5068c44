using System.Collections.Concurrent;
using Mfn.Server.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Storage;

public sealed class RuntimeNoticeTests
{
    [Theory]
    [InlineData("9.0.14", false)]
    [InlineData("10.0.0", false)]
    [InlineData("10.0.10", false)]
    [InlineData("10.0.11", true)]
    [InlineData("10.0.12", true)]
    [InlineData("10.0.14", true)]
    [InlineData("10.0.15", false)]
    [InlineData("10.1.12", false)]
    [InlineData("11.0.12", false)]
    public void HidesFailures_EachVersion_IsTrueOfThoseWithTheFault(string version, bool expected) =>
        Assert.Equal(expected && !OperatingSystem.IsWindows(), RuntimeFlush.HidesFailures(Version.Parse(version)));

    [Fact]
    public async Task Start_OnARuntimeWithTheFault_IsWarnedAboutOnce()
    {
        using var log = new Notices();
        await using (var server = await TestServer.StartAsync(
            app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(log),
            "Logging:LogLevel:Default=Information",
            "Logging:Console:LogLevel:Default=None"))
        {
            await server.StopAsync();
        }

        var version = Environment.Version;
        (LogLevel, string)[] expected = RuntimeFlush.HidesFailures(version)
            ? [(LogLevel.Warning, $".NET {version} takes a failed flush to disk for success. The server checks its own, but update the runtime to 10.0.15 or newer")]
            : [];
        Assert.Equal(expected, log.Seen);
    }

    private sealed class Notices : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Message)> Seen { get; } = [];

        public ILogger CreateLogger(string categoryName) => categoryName == typeof(RuntimeNotice).FullName ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Seen.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
