using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Web;

/// <summary>
/// The server's loggers, but for the one by which hosting would tell of each request: for it, it would make an activity of each, which costs as much as a twentieth of a call.
/// Traces have theirs all the same, and who calls what is logged where calls are.
/// </summary>
internal sealed class WebLoggers(ILoggerFactory loggers) : ILoggerFactory
{
    private const string OfEachRequest = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public ILogger CreateLogger(string categoryName) => categoryName == OfEachRequest ? NullLogger.Instance : loggers.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
        // They are the server's.
    }
}
