using System.Collections.Concurrent;
using Mfn.Server.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Runs;

/// <summary>What a server warns of while it takes up its runs.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _warnings = [];

    public IReadOnlyCollection<string> Warnings => _warnings;

    /// <summary>A server that notes here, and nowhere else.</summary>
    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(this),
        ["Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None", .. settings]);

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith(typeof(RunRegistry).Namespace!, StringComparison.Ordinal) ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _warnings.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
