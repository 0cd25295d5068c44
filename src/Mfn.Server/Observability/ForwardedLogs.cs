namespace Mfn.Server.Observability;

/// <summary>Hands what a server logs to other loggers, whose factory somebody else disposes of.</summary>
internal sealed class ForwardedLogs(ILoggerFactory loggers) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(categoryName);

    public void Dispose()
    {
        // There is nothing of its own.
    }
}
