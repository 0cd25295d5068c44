using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>A run as text or JSON.</summary>
internal static class RunReport
{
    /// <summary>Prints a run that has begun: its id alone on standard output, for scripts, and where it stands on standard error.</summary>
    public static void PrintNew(Run run, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(ToJson(run));
            return;
        }

        Console.WriteLine(run.RunId);
        Console.Error.WriteLine($"{ToState(run)}; mfn run watch {run.RunId}");
    }

    /// <summary>One line: id, state, shape.</summary>
    public static string ToLine(Run run) => string.Create(
        CultureInfo.InvariantCulture,
        $"{run.RunId}  {ToState(run)}  {run.Spec.GridSize} x {run.Spec.GridSize} cells  {Count(run.WatcherCount, "watcher")}");

    /// <summary>All of it, in lines.</summary>
    public static string ToText(Run run)
    {
        var pace = run.StepsPerSecond > 0 ? $"{run.StepsPerSecond} steps a second" : "as fast as possible";
        var created = DateTimeOffset.FromUnixTimeSeconds(run.CreatedUnixSeconds);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            run        {run.RunId}
            state      {ToState(run)}{(run.Failure.Length > 0 ? $": {run.Failure}" : "")}
            simulates  {run.Spec.GridSize} x {run.Spec.GridSize} cells, seed {run.Spec.Seed}, alpha {run.Spec.Alpha}, {WireName.Of(run.Spec.Variant).ToLowerInvariant()}
            pace       {pace}, {ToText(run.Stop)}
            history    from step {run.FirstAvailableStep} on, at least {run.HistorySteps} steps
            watchers   {run.WatcherCount}
            created    {created:yyyy-MM-dd HH:mm:ss} UTC{(run.Durable ? ", survives a restart of the server" : "")}
            identity   {ToHex(run.Identity)}
            """);
        return text;
    }

    /// <summary>One JSON object.</summary>
    public static string ToJson(Run run) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["run_id"] = run.RunId,
        ["state"] = WireName.Of(run.State),
        ["step"] = run.Step,
        ["revision"] = run.Revision,
        ["steps_per_second"] = run.StepsPerSecond,
        ["stop"] = ToNode(run.Stop),
        ["history_steps"] = run.HistorySteps,
        ["first_available_step"] = run.FirstAvailableStep,
        ["watchers"] = run.WatcherCount,
        ["created_unix_seconds"] = run.CreatedUnixSeconds,
        ["epoch"] = run.Epoch.ToString(CultureInfo.InvariantCulture),
        ["identity"] = ToHex(run.Identity),
        ["failure"] = run.Failure,
        ["durable"] = run.Durable,
        ["spec"] = ToNode(run.Spec),
    });

    private static string ToState(Run run) => $"{WireName.Of(run.State).ToLowerInvariant()} at step {run.Step}, revision {run.Revision}";

    private static string ToText(StopCondition? stop) => stop?.ConditionCase switch
    {
        StopCondition.ConditionOneofCase.AfterStep => $"until step {stop.AfterStep}",
        StopCondition.ConditionOneofCase.SteadyState => string.Create(
            CultureInfo.InvariantCulture, $"until a step changes no cell by more than {stop.SteadyState.ToleranceMillivolts} mV"),
        _ => "without end",
    };

    // As the contracts are written in JSON, like the presets.
    private static JsonNode? ToNode(IMessage? message) => message is null ? null : JsonNode.Parse(JsonFormatter.Default.Format(message));

    private static string ToHex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
