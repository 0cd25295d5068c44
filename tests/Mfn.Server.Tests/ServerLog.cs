using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests;

/// <summary>What one class of a server logs.</summary>
internal sealed class ServerLog<T> : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _lines = [];
    private readonly SemaphoreSlim _arrivals = new(0);

    public IReadOnlyCollection<(LogLevel Level, string Message)> Lines => _lines;

    /// <summary>A server that logs here, and nowhere else.</summary>
    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(this),
        ["Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None", .. settings]);

    /// <summary>Done when there is a line that was not waited for before.</summary>
    public Task NextAsync() => _arrivals.WaitAsync();

    public ILogger CreateLogger(string categoryName) => categoryName == typeof(T).FullName ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue((logLevel, formatter(state, exception)));
        _arrivals.Release();
    }

    public void Dispose() => _arrivals.Dispose();
}
