using Mfn.Server.Calls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Calls;

/// <summary>What the server notes of the first call that does not end well: what a client that has left is not told.</summary>
internal sealed class CallLog : ILoggerProvider, ILogger
{
    private readonly TaskCompletionSource<(LogLevel Level, string Message)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<(LogLevel Level, string Message)> First => _first.Task;

    /// <summary>A server that notes here, and nowhere else.</summary>
    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(this),
        ["Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None", .. settings]);

    public ILogger CreateLogger(string categoryName) => categoryName == typeof(CallInterceptor).FullName || categoryName == typeof(RefusalLog).FullName ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _first.TrySetResult((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
