using System.Diagnostics;
using Mfn.Cli.Output;
using Mfn.Client;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mfn.Cli;

/// <summary>The trace of a command: a span of all of it, of which its calls, and what servers do for them, are parts. The standard variables (OTEL_…) say where it is sent, if anywhere.</summary>
internal sealed class CommandTrace : IDisposable
{
    private const string SourceName = "Mfn.Cli";

    // What the collector may take before the command ends without it.
    private const int FlushMilliseconds = 5000;

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly string[] EndpointVariables = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    private readonly Answer _answer;
    private readonly TracerProvider _provider;
    private readonly string? _endpoint = EndpointVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
    private readonly Activity? _command;

    /// <summary>Begins the trace, and tells its id.</summary>
    /// <param name="name">Of the command, such as <c>mfn run get</c>.</param>
    /// <param name="answer">Where what is not the command's answer is told.</param>
    public CommandTrace(string name, Answer answer)
    {
        _answer = answer;

        // Whoever asks for a trace wants it, whatever share is taken of others.
        var builder = Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler()).AddSource(SourceName, MfnClient.ActivitySourceName);
        if (Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is null)
        {
            builder.ConfigureResource(static resource => resource.AddService("mfn"));
        }

        if (_endpoint is not null)
        {
            builder.AddOtlpExporter();
        }

        _provider = builder.Build();
        _command = Source.StartActivity(name);
        answer.Note($"mfn: trace {_command?.TraceId}{(_endpoint is null ? ", which is sent nowhere: OTEL_EXPORTER_OTLP_ENDPOINT is not set" : "")}");
    }

    /// <summary>The command has failed.</summary>
    public void Fail(Exception error)
    {
        _command?.SetTag("error.type", error.GetType().FullName);
        _command?.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>Ends the trace, and waits a moment for the collector to take it.</summary>
    public void Dispose()
    {
        _command?.Dispose();
        if (!_provider.ForceFlush(FlushMilliseconds))
        {
            _answer.Note($"mfn: the trace could not be sent to {_endpoint} within {FlushMilliseconds / 1000} s");
        }

        _provider.Dispose();
    }
}
