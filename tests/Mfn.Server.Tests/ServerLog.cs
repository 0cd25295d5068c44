using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests;

/// <summary>What a server logs, from Information up.</summary>
/// <param name="category">What the categories of the lines begin with.</param>
internal sealed class ServerLog(string category = "") : ILoggerProvider
{
    private readonly ConcurrentQueue<Line> _lines = [];
    private readonly SemaphoreSlim _arrivals = new(0);

    public IReadOnlyCollection<Line> Lines => _lines;

    /// <summary>What an operator should look at.</summary>
    public IReadOnlyList<string> Warnings => [.. _lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Message)];

    /// <summary>What an operator would be woken for.</summary>
    public IEnumerable<Line> Faults => _lines.Where(line => line.Level >= LogLevel.Error);

    /// <summary>What one class logs.</summary>
    public static ServerLog Of<T>() => new(typeof(T).FullName!);

    /// <summary>A server that logs here, and nowhere else.</summary>
    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(this),
        ["Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None", .. settings]);

    /// <summary>Done when there is a line that was not waited for before.</summary>
    public Task NextAsync() => _arrivals.WaitAsync();

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith(category, StringComparison.Ordinal) ? new Logger(this, categoryName) : NullLogger.Instance;

    public void Dispose() => _arrivals.Dispose();

    internal sealed record Line(string Category, LogLevel Level, string Message, Exception? Error);

    private sealed class Logger(ServerLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._lines.Enqueue(new Line(category, logLevel, formatter(state, exception), exception));
                log._arrivals.Release();
            }
        }
    }
}
