using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mfn.Cli.Configuration;

/// <summary>
/// A configuration file of the reference (MyceliumFractalNet 4.1, configs/*.json) in the words of Mfn: settings of a server, and the options of commands that
/// do what the file describes.
/// </summary>
internal sealed class ReferenceConfiguration
{
    // As a server's own file of settings may have.
    private const int MostBytes = 1 << 20;

    private const string Never = "nothing here has it";
    private const string Clusters = "hierarchical-krum's, as in the reference";

    private readonly List<ReferenceEntry> _entries = [];
    private readonly List<string> _problems = [];
    private readonly List<string> _simulate = [];
    private readonly List<string> _validate = [];
    private readonly List<string> _aggregate = [];
    private bool _hasJitter;
    private string? _host;
    private long? _port;

    private ReferenceConfiguration()
    {
    }

    /// <summary>What became of each value, in the order of the file.</summary>
    public IReadOnlyList<ReferenceEntry> Entries => _entries;

    /// <summary>The settings of a server, as its file has them.</summary>
    public JsonObject Settings { get; } = [];

    /// <summary>The environment that the file is for; null if it does not say.</summary>
    public string? Environment { get; private set; }

    /// <summary>The commands that do what the file describes.</summary>
    public IReadOnlyList<string> Commands =>
    [
        .. _simulate.Count > 0 ? [$"mfn simulate {string.Join(' ', _simulate)}"] : (string[])[],
        .. _validate.Count > 0 ? [$"mfn validate {string.Join(' ', _validate)}"] : (string[])[],
        .. _aggregate.Count > 0 ? [$"mfn aggregate FILE --rule hierarchical-krum --variant mfn-4.1-compat {string.Join(' ', _aggregate)}"] : (string[])[],
    ];

    /// <summary>Reads a file.</summary>
    /// <exception cref="BadArgumentsException">It cannot be read, is no JSON object, or has values that cannot be.</exception>
    public static ReferenceConfiguration Read(string path)
    {
        try
        {
            // A device or a pipe has no length to ask for.
            using var file = File.OpenRead(path);
            var bytes = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MostBytes)
            {
                throw new BadArgumentsException($"FILE must be a file of at most 1 MiB, but '{path}' is larger.");
            }

            using var content = new MemoryStream(bytes, 0, length);
            using var json = JsonDocument.Parse(content, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new BadArgumentsException($"FILE must be a JSON object, but '{path}' is not.");
            }

            var configuration = new ReferenceConfiguration();
            configuration._hasJitter = json.RootElement.TryGetProperty("simulation", out var simulation) && simulation.ValueKind == JsonValueKind.Object
                && simulation.TryGetProperty("quantum_jitter", out var jitter) && jitter.ValueKind == JsonValueKind.True;
            configuration.ReadMembers("", json.RootElement);
            configuration.SetUrls();
            BadArgumentsException.ThrowIfAny(configuration._problems);
            return configuration;
        }
        catch (JsonException error)
        {
            throw new BadArgumentsException($"FILE must be JSON, but '{path}' is not: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException(error.Message);
        }
    }

    private void ReadMembers(string section, JsonElement parent)
    {
        foreach (var member in parent.EnumerateObject())
        {
            var name = section + member.Name;
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                ReadMembers($"{name}.", member.Value);
            }
            else
            {
                ReadValue(name, member.Value);
            }
        }
    }

    private void ReadValue(string name, JsonElement value)
    {
        switch (name)
        {
            case "environment":
                Environment = value.ToString() switch { "development" or "dev" => "dev", "staging" => "staging", "production" or "prod" => "prod", _ => null };
                Add(name, value, ReferenceOutcome.Translated, Environment is null ? null : $"--environment {Environment}", Environment is null ? "there are dev, staging, prod and edge" : "");
                break;
            case "api.host":
                _host = value.ToString();
                Add(name, value, ReferenceOutcome.Translated, "Urls", "");
                break;
            case "api.port":
                _port = Whole(name, value, 1, 65535);
                Add(name, value, ReferenceOutcome.Translated, "Urls", "gRPC is served there, not REST");
                break;
            case "api.docs_enabled":
                Set(name, value, "Reflection:Enabled", Truth(name, value), ReferenceOutcome.Translated, "services describe themselves by gRPC reflection");
                break;
            case "logging.level":
                SetLevel(name, value);
                break;
            case "limits.max_grid_size":
                Set(name, value, "Limits:MaxGridSize", Whole(name, value, 4, 4096), ReferenceOutcome.Taken, "");
                break;
            case "limits.max_steps":
                Set(name, value, "Limits:MaxSteps", Whole(name, value, 1, 100_000_000), ReferenceOutcome.Taken, "");
                break;
            default:
                if (!ReadOption(name, value))
                {
                    var (outcome, note) = Pass(name);
                    Add(name, value, outcome, null, note);
                }

                break;
        }
    }

    private bool ReadOption(string name, JsonElement value)
    {
        switch (name)
        {
            case "validation.seed":
                Option(name, value, [_simulate, _validate], "--seed", Whole(name, value, 0, long.MaxValue));
                return true;
            case "validation.grid_size":
                Option(name, value, [_simulate, _validate], "--grid", Whole(name, value, 4, 1024));
                return true;
            case "validation.steps":
                Option(name, value, [_simulate, _validate], "--steps", Whole(name, value, 1, 10_000));
                return true;
            case "validation.epochs":
                Option(name, value, [_validate], "--epochs", Whole(name, value, 1, 100));
                return true;
            case "validation.batch_size":
                Option(name, value, [_validate], "--batch-size", Whole(name, value, 1, 64));
                return true;
            case "simulation.turing_enabled":
                Switch(name, value, "--no-turing", !Truth(name, value));
                return true;
            case "simulation.turing_threshold":
                Option(name, value, [_simulate], "--turing-threshold", Number(name, value, 0, 1));
                return true;
            case "simulation.quantum_jitter":
                Switch(name, value, "--jitter", Truth(name, value));
                return true;
            case "simulation.jitter_var" when _hasJitter:
                Option(name, value, [_simulate], "--jitter-variance", Number(name, value, 0, 0.01));
                return true;
            case "simulation.alpha":
                Option(name, value, [_simulate], "--alpha", Number(name, value, 0, 1));
                return true;
            case "simulation.spike_probability":
                Option(name, value, [_simulate], "--spike-probability", Number(name, value, 0, 1));
                return true;
            case "federated.num_clusters":
                Option(name, value, [_aggregate], "--clusters", Whole(name, value, 1, 100_000), Clusters);
                return true;
            case "federated.byzantine_fraction":
                Option(name, value, [_aggregate], "--byzantine-fraction", Number(name, value, 0, 0.5), Clusters);
                return true;
            case "federated.sample_fraction":
                Option(name, value, [_aggregate], "--sample-fraction", Number(name, value, 0, 1), Clusters);
                return true;
            default:
                return false;
        }
    }

    private static (ReferenceOutcome Outcome, string Note) Pass(string name) => name switch
    {
        "name" or "description" => (ReferenceOutcome.Meaningless, "a file of settings has no name"),
        "api.reload" or "api.debug" => (ReferenceOutcome.Meaningless, "programs are not loaded anew while they run"),
        "api.cors_origins" => (ReferenceOutcome.Meaningless, "no pages of other origins are served"),
        "logging.format" => (ReferenceOutcome.Meaningless, "the log is text"),
        "logging.include_request_body" => (ReferenceOutcome.Meaningless, "requests are never logged"),
        "limits.max_samples" => (ReferenceOutcome.Meaningless, "mfn validate has as many as the reference's cycle"),
        "limits.request_timeout_seconds" => (ReferenceOutcome.Meaningless, "clients say how long a call may take, by its deadline"),
        "validation.device" => (ReferenceOutcome.Meaningless, "everything is computed by processors"),
        "simulation.jitter_var" => (ReferenceOutcome.Meaningless, "jitter is off"),
        "federated.max_clients" => (ReferenceOutcome.Meaningless, "Limits:MaxAggregationBytes bounds a round"),
        _ when name.StartsWith("model.", StringComparison.Ordinal) => (ReferenceOutcome.Meaningless, "mfn validate has the network of the reference's cycle"),
        _ when name.StartsWith("expected_metrics.", StringComparison.Ordinal) => (ReferenceOutcome.Meaningless, "nothing is checked against it"),
        _ when name.StartsWith("scaling.", StringComparison.Ordinal) || name.StartsWith("deployment.", StringComparison.Ordinal) => (ReferenceOutcome.Meaningless, Never),
        _ => (ReferenceOutcome.Unknown, Never),
    };

    private void SetUrls()
    {
        if (_host is not null || _port is not null)
        {
            Put("Urls", $"http://{_host ?? "127.0.0.1"}:{_port ?? 50051}");
        }
    }

    private void SetLevel(string name, JsonElement value)
    {
        const string Target = "Logging:LogLevel:Default";
        string? level = value.ToString() switch { "DEBUG" => "Debug", "INFO" => "Information", "WARNING" => "Warning", "ERROR" => "Error", "CRITICAL" => "Critical", _ => null };
        if (level is null)
        {
            _problems.Add($"{name} must be DEBUG, INFO, WARNING, ERROR or CRITICAL, but was {value.GetRawText()}.");
            return;
        }

        Set(name, value, Target, level, ReferenceOutcome.Translated, "");
    }

    private void Set(string name, JsonElement value, string setting, JsonNode? translated, ReferenceOutcome outcome, string note)
    {
        if (translated is not null)
        {
            Put(setting, translated);
            Add(name, value, outcome, setting, note);
        }
    }

    private void Put(string setting, JsonNode value)
    {
        var path = setting.Split(':');
        var place = Settings;
        foreach (var section in path[..^1])
        {
            place = (JsonObject)(place[section] ??= new JsonObject());
        }

        place[path[^1]] = value;
    }

    private void Option<T>(string name, JsonElement value, List<string>[] commands, string option, T? number, string note = "")
        where T : struct
    {
        if (number is null)
        {
            return;
        }

        foreach (var command in commands)
        {
            command.Add($"{option} {value.GetRawText()}");
        }

        Add(name, value, ReferenceOutcome.Taken, option, note);
    }

    private void Switch(string name, JsonElement value, string option, bool? isOn)
    {
        if (isOn == true)
        {
            _simulate.Add(option);
            _validate.Add(option);
        }

        Add(name, value, ReferenceOutcome.Translated, isOn == true ? option : null, isOn == true ? "" : "the default");
    }

    private long? Whole(string name, JsonElement value, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most
            ? number
            : Refuse<long>(name, value, FormattableString.Invariant($"a whole number between {least} and {most}"));

    private double? Number(string name, JsonElement value, double least, double most) =>
        value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most
            ? number
            : Refuse<double>(name, value, FormattableString.Invariant($"a number between {least} and {most}"));

    private bool? Truth(string name, JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Refuse<bool>(name, value, "true or false");

    private T? Refuse<T>(string name, JsonElement value, string allowed)
        where T : struct
    {
        _problems.Add($"{name} must be {allowed}, but was {value.GetRawText()}.");
        return null;
    }

    private void Add(string name, JsonElement value, ReferenceOutcome outcome, string? to, string note) => _entries.Add(new ReferenceEntry(name, value.GetRawText(), outcome, to, note));
}
