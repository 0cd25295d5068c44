using System.Collections;
using System.Globalization;
using Mfn.Server.Texts;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Mfn.Server.Observability;

/// <summary>What the standard variables (OTEL_…) say of a collector, and of what is sent there.</summary>
internal sealed class OtlpEnvironment
{
    /// <summary>Spans, as the variables call them.</summary>
    public const string Traces = "TRACES";

    /// <summary>Metrics, as the variables call them.</summary>
    public const string Metrics = "METRICS";

    /// <summary>Logs, as the variables call them.</summary>
    public const string Logs = "LOGS";

    private const string Prefix = "OTEL_";
    private const string Exporter = "OTEL_EXPORTER_OTLP_";
    private const string Endpoint = "ENDPOINT";

    private const string Milliseconds = "a positive number of milliseconds";

    private static readonly string[] Samplers =
        ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

    private static readonly string[] Positive =
    [
        .. from prefix in new[] { "OTEL_BSP_", "OTEL_BLRP_" }
           from name in new[] { "SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE" }
           select prefix + name,
        "OTEL_METRIC_EXPORT_INTERVAL",
    ];

    private readonly Dictionary<string, string?> _variables;

    /// <param name="environment">Environment variables.</param>
    public OtlpEnvironment(IDictionary environment) => _variables = environment.Cast<DictionaryEntry>()
        .Select(variable => (Name: (string)variable.Key, Value: (string?)variable.Value))
        .Where(variable => variable.Name.StartsWith(Prefix, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(variable.Value))
        .ToDictionary(variable => variable.Name, variable => variable.Value, StringComparer.Ordinal);

    /// <summary>Whether nothing is sent, whatever else is said.</summary>
    public bool IsDisabled => Find("OTEL_SDK_DISABLED")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The value of a variable; null if it is not set, or empty.</summary>
    public string? Find(string name) => _variables.GetValueOrDefault(name);

    /// <summary>Whether a signal is sent.</summary>
    /// <param name="signal">Its name.</param>
    /// <param name="setting">What the server's own setting says; null if nobody has given it.</param>
    public bool Sends(string signal, bool? setting) =>
        !IsDisabled && (setting ?? Find($"{Prefix}{signal}_EXPORTER")?.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase) == true);

    /// <summary>What is wrong with the variables: the library would take what it does not understand for not being there.</summary>
    public IEnumerable<string> FindProblems()
    {
        string[] signals = ["", $"{Traces}_", $"{Metrics}_", $"{Logs}_"];
        return signals.SelectMany(signal => new[]
        {
            Problem($"{Exporter}{signal}{Endpoint}", "a URL that begins with http:// or https://", value => Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"),
            Problem($"{Exporter}{signal}PROTOCOL", "grpc or http/protobuf", value => value is "grpc" or "http/protobuf"),
            Problem($"{Exporter}{signal}COMPRESSION", "gzip or none", value => value is "gzip" or "none"),
            Problem($"{Exporter}{signal}TIMEOUT", Milliseconds, IsPositive),
        })
        .Concat(Positive.Select(name => Problem(name, name.EndsWith("SIZE", StringComparison.Ordinal) ? "a positive integer" : Milliseconds, IsPositive)))
        .Append(Problem("OTEL_TRACES_SAMPLER", $"one of {string.Join(", ", Samplers)}", Samplers.Contains))
        .Append(Problem("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1))
        .OfType<string>();
    }

    /// <summary>How what has ended waits to be sent.</summary>
    /// <param name="prefix">What the variables begin with: <c>OTEL_BSP_</c> for spans, <c>OTEL_BLRP_</c> for logs.</param>
    public ExportBatches ToBatches(string prefix)
    {
        var most = Number($"{prefix}MAX_QUEUE_SIZE", 2048);
        return new ExportBatches(
            most, Math.Min(most, Number($"{prefix}MAX_EXPORT_BATCH_SIZE", 512)), Number($"{prefix}SCHEDULE_DELAY", 5000), Number($"{prefix}EXPORT_TIMEOUT", 30_000));
    }

    /// <summary>A number that is at least 1.</summary>
    public int Number(string name, int otherwise) =>
        int.TryParse(Find(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : otherwise;

    /// <summary>The variables as the library reads them, with those of a signal in place of those of all.</summary>
    public IConfiguration ToConfiguration(string signal)
    {
        var own = $"{Exporter}{signal}_";
        var values = new Dictionary<string, string?>(_variables, StringComparer.Ordinal);
        foreach (var (name, value) in _variables.Where(each => each.Key.StartsWith(own, StringComparison.Ordinal)))
        {
            values[Exporter + name[own.Length..]] = value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    /// <summary>How a signal is sent.</summary>
    public OtlpExporterOptions ToOptions(string signal)
    {
        // The library makes options of variables when a provider is built from services; here they are wanted without one.
        var services = new ServiceCollection();
        services.AddOptions();
        services.AddSingleton(ToConfiguration(signal));
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddOtlpExporter());
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptionsFactory<OtlpExporterOptions>>().Create(Options.DefaultName);
        if (Find($"{Exporter}{signal}_{Endpoint}") is { } endpoint)
        {
            // One that is for a signal alone is taken as it is, without the signal's path.
            options.Endpoint = new Uri(endpoint);
        }

        return options;
    }

    private static bool IsPositive(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;

    private string? Problem(string name, string allowed, Func<string, bool> isRight) =>
        Find(name) is { } value && !isRight(value) ? $"{name} must be {allowed}, but was {CallersText.Quote(value)}." : null;
}
