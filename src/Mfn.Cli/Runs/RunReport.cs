using System.Globalization;
using Google.Protobuf;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>Runs as answers.</summary>
internal static class RunReport
{
    private const int ShortIdLength = 8;

    /// <summary>The columns of a list of runs.</summary>
    public static IReadOnlyList<TextColumn<Run>> Columns(int idLength) =>
    [
        new("ID", run => run.RunId[..Math.Min(idLength, run.RunId.Length)]),
        new("NAME", run => run.Name),
        new("STATE", State),
        new("STEP", run => run.Step.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("REVISION", run => run.Revision.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("CELLS", Cells, IsNumber: true),
        new("WATCHERS", run => run.WatcherCount.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("PACE", run => run.StepsPerSecond > 0 ? run.StepsPerSecond.ToString(CultureInfo.InvariantCulture) : "", IsNumber: true, IsWide: true),
        new("HISTORY FROM", run => run.FirstAvailableStep.ToString(CultureInfo.InvariantCulture), IsNumber: true, IsWide: true),
        new("CREATED (UTC)", Created, IsWide: true),
        new("FAILURE", run => run.Failure, IsWide: true),
    ];

    /// <summary>How many characters of an id tell all these runs apart, and more to spare.</summary>
    public static int ShortestIdLength(IReadOnlyList<Run> runs)
    {
        var length = ShortIdLength;
        while (runs.Any(run => run.RunId.Length > length) && runs.Select(run => run.RunId[..Math.Min(length, run.RunId.Length)]).Distinct().Count() < runs.Count)
        {
            length++;
        }

        return length;
    }

    /// <summary>Writes a run that has begun: its id alone on standard output, for scripts, and where it stands, and how to see it, on standard error.</summary>
    /// <param name="answer">Where to.</param>
    /// <param name="run">The run.</param>
    /// <param name="server">The options that name its server, as they were given.</param>
    public static void WriteNew(Answer answer, Run run, string server)
    {
        answer.Write(ToJson(run), run.RunId);
        if (!answer.IsJson)
        {
            answer.Note($"{ToState(run)}{(run.Origin is { } origin ? $", forked from step {origin.Step} of {origin.RunId}" : "")}; watch it: mfn run watch {Reference(run)}{server}");
        }
    }

    /// <summary>One line: id, state, shape.</summary>
    public static string ToLine(Run run) => IsDamaged(run) ? $"{run.RunId}  {State(run)}" : $"{run.RunId}  {ToState(run)}  {Cells(run)} cells";

    /// <summary>All of it, in lines.</summary>
    public static void WriteText(TextWriter writer, Run run)
    {
        if (IsDamaged(run))
        {
            writer.WriteLine(
                $"""
                run        {run.RunId}{(run.Name.Length > 0 ? $", {run.Name}" : "")}
                state      {State(run)}: {run.Failure}
                created    {Created(run)}{(run.CreatedUnixSeconds > 0 ? " UTC" : "")}
                """);
            return;
        }

        var pace = run.StepsPerSecond > 0 ? $"{run.StepsPerSecond} steps a second" : "as fast as possible";
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            run        {run.RunId}{(run.Name.Length > 0 ? $", {run.Name}" : "")}
            state      {ToState(run)}{(run.Failure.Length > 0 ? $": {run.Failure}" : "")}
            simulates  {Cells(run)} cells, seed {run.Spec.Seed}, {(KineticsWire.Tell(run.Spec) is { } kinetics ? kinetics : string.Create(CultureInfo.InvariantCulture, $"alpha {run.Spec.Alpha}, {SpecReport.Variant(run.Spec)}"))}
            pace       {pace}, {ToText(run.Stop)}
            history    from step {run.FirstAvailableStep} on, at least {run.HistorySteps} steps
            watchers   {run.WatcherCount}
            created    {Created(run)} UTC{(run.Durable ? ", survives a restart of the server" : "")}
            forked     {(run.Origin is { } origin ? $"from step {origin.Step}, revision {origin.Revision} of {origin.RunId}" : "no")}
            identity   {ToHex(run.Identity)}
            """));
    }

    /// <summary>One JSON object.</summary>
    public static JsonRecord ToJson(Run run) => new JsonRecord()
        .Add("run_id", run.RunId)
        .Add("name", run.Name.Length > 0 ? run.Name : null)
        .Add("state", State(run))
        .Add("step", run.Step)
        .Add("revision", run.Revision)
        .Add("pace", run.StepsPerSecond > 0 ? run.StepsPerSecond : null)
        .Add("stop", ToJson(run.Stop))
        .Add("history", run.HistorySteps)
        .Add("first_available_step", run.FirstAvailableStep)
        .Add("watchers", run.WatcherCount)
        .Add("created_unix_seconds", run.CreatedUnixSeconds)
        .Add("epoch", run.Epoch.ToString(CultureInfo.InvariantCulture))
        .Add("identity", ToHex(run.Identity))
        .Add("failure", run.Failure.Length > 0 ? run.Failure : null)
        .Add("durable", run.Durable)
        .Add("origin", run.Origin is { } origin ? new JsonRecord().Add("run_id", origin.RunId).Add("step", origin.Step).Add("revision", origin.Revision) : null)
        .Add("spec", IsDamaged(run) ? null : SpecReport.ToJson(run.Spec));

    /// <summary>Whether the server has left the run alone, so that little is known of it.</summary>
    public static bool IsDamaged(Run run) => run.State == RunState.Damaged;

    private static string Reference(Run run) => run.Name.Length > 0 ? run.Name : run.RunId;

    private static JsonRecord? ToJson(StopCondition? stop) => stop?.ConditionCase switch
    {
        StopCondition.ConditionOneofCase.AfterStep => new JsonRecord().Add("stop_after", stop.AfterStep),
        StopCondition.ConditionOneofCase.SteadyState when stop.SteadyState.HasTolerance => new JsonRecord()
            .Add("until_species_steady", stop.SteadyState.Tolerance)
            .Add("steady_every", stop.SteadyState.EveryNSteps),
        StopCondition.ConditionOneofCase.SteadyState => new JsonRecord()
            .Add("until_steady_millivolts", stop.SteadyState.ToleranceMillivolts)
            .Add("steady_every", stop.SteadyState.EveryNSteps),
        null => null,
        _ => new JsonRecord().Add("forever", true),
    };

    private static string State(Run run) => WireName.InAnswer(run.State);

    private static string ToState(Run run) => $"{State(run)} at step {run.Step}, revision {run.Revision}";

    private static string Cells(Run run) => IsDamaged(run) ? "" : SpecShape.Tell(run.Spec);

    private static string Created(Run run) => run.CreatedUnixSeconds == 0 ? "unknown" : DateTimeOffset.FromUnixTimeSeconds(run.CreatedUnixSeconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string ToText(StopCondition? stop) => stop?.ConditionCase switch
    {
        StopCondition.ConditionOneofCase.AfterStep => $"until step {stop.AfterStep}",
        StopCondition.ConditionOneofCase.SteadyState when stop.SteadyState.HasTolerance => string.Create(
            CultureInfo.InvariantCulture, $"until a step changes no concentration by more than {stop.SteadyState.Tolerance}"),
        StopCondition.ConditionOneofCase.SteadyState => string.Create(
            CultureInfo.InvariantCulture, $"until a step changes no cell by more than {stop.SteadyState.ToleranceMillivolts} mV"),
        _ => "without end",
    };

    private static string ToHex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
