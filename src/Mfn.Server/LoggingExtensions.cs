using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Logging;
using Mfn.Server.Transport;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mfn.Server;

/// <summary>Adds the server's log.</summary>
internal static class LoggingExtensions
{
    /// <summary>Notes what is wrong with the settings of the log.</summary>
    public static void Check(ServerSettings settings) => LogOptions.Check(settings, PermissionTable.Services);

    /// <summary>Logs to standard error, since standard output belongs to the commands' results.</summary>
    public static void AddServerLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);

        // What goes wrong in a call is logged by what surrounds it, the client's faults not as errors.
        builder.Logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.Critical);

        // It calls a client's flood of resets critical; RefusedTraffic has the word.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);

        // To be stopping is no error.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical);

        // It logs why the server could not start, which the caller of StartAsync learns anyway.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        // Behind the others, since of two levels for the same the later wins.
        builder.Logging.AddConfiguration(builder.Configuration.GetSection(LogOptions.Section));
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.AddSingleton<ConsoleFormatter, JsonLineFormatter>();
        builder.Services.AddOptions<ConsoleLoggerOptions>().Configure<IOptions<LogOptions>>((console, log) =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = log.Value.Format == LogFormat.Json ? JsonLineFormatter.FormatterName : ConsoleFormatterNames.Simple;
        });
        RefusedTraffic.ListenIn(builder.Logging);
        builder.Services.AddSingleton<CallLog>();
        builder.Services.AddSingleton<RefusalLog>();
    }
}
