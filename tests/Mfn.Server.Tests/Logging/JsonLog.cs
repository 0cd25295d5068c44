using System.Collections.Concurrent;
using System.Text.Json;
using Mfn.Server.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Logging;

/// <summary>What a server logs, as its lines of JSON.</summary>
/// <param name="least">From which level.</param>
internal sealed class JsonLog(LogLevel least = LogLevel.Information) : ILoggerProvider, ISupportExternalScope
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly JsonLineFormatter _formatter = new(TimeProvider.System);
    private readonly ConcurrentQueue<JsonElement> _lines = [];
    private IExternalScopeProvider? _scopes;

    private LogLevel Least => least;

    public IReadOnlyCollection<JsonElement> Lines => _lines;

    /// <summary>A server that logs here, and nowhere else.</summary>
    public Task<TestServer> StartServerAsync(params string[] settings) => TestServer.StartAsync(
        app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(this),
        [$"Logging:LogLevel:Default={least}", "Logging:Console:LogLevel:Default=None", .. settings]);

    /// <summary>The events of a call, by its id.</summary>
    public IReadOnlyList<string> EventsOf(string correlationId) => [.. LinesOf(correlationId).Select(line => Member(line, "event")!)];

    /// <summary>The lines of a call, by its id.</summary>
    public IReadOnlyList<JsonElement> LinesOf(string correlationId) => [.. _lines.Where(line => Member(line, "correlation_id") == correlationId)];

    /// <summary>A member of a line as text; null if it has none.</summary>
    public static string? Member(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.ToString() : null;

    /// <summary>A field of a message as text.</summary>
    public static string? Field(JsonElement line, string name) => Member(line.GetProperty("fields"), name);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }

    private sealed class Logger(JsonLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            using var text = new StringWriter();
            log._formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), log._scopes, text);
            using var line = JsonDocument.Parse(text.ToString(), Strict);
            log._lines.Enqueue(line.RootElement.Clone());
        }
    }
}
