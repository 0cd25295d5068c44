using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Output;
using Mfn.Server.Runs;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run repair</c>: shows what is damaged of the runs in a data directory, and lets them go on.</summary>
internal static class RepairCommand
{
    public const string Name = "repair";

    public const string Examples = """
        Examples:
          mfn run repair /var/lib/mfn
          mfn run repair /var/lib/mfn/runs/3f2a41d0c2b14e0c8d1f0a9b7c6d5e4f --continue

        Works on files, and only while no server uses them. Without --continue or --new-epoch it changes nothing of the runs. A run that is continued keeps its id and its name;
        its epoch is another, so that tokens and positions of before are refused. Its files as they were are kept in DIR/set-aside.
        """;

    private const string Sound = "sound";
    private const string Damaged = "damaged";
    private const string Continued = "continued";
    private const string Lost = "lost";

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The server's data directory, or a run's folder in it." };
        var isContinuing = new Option<bool>("--continue") { Description = "Let damaged runs go on from their last good state, as another timeline. Their files are kept." };
        var isRenewing = new Option<bool>("--new-epoch") { Description = "The same, and sound runs too: after a backup was put back." };
        var output = new OutputOptions("A JSON array");

        var command = new Command(Name, "Shows what is damaged of the runs in a data directory, and lets them go on.") { directory, isContinuing, isRenewing };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            using var repair = Open(arguments.GetRequiredValue(directory));
            var reports = repair.Runs
                .Select(id => Treat(repair, id, arguments.GetValue(isContinuing) || arguments.GetValue(isRenewing), arguments.GetValue(isRenewing)))
                .ToList();
            answer.WriteList(reports, ToJson, Columns(answer.IsWide));
            foreach (var report in reports.Where(report => !answer.IsJson && StateOf(report) != Sound))
            {
                answer.Note($"{report.RunId}: {Tell(report)}");
            }

            return reports.Any(report => StateOf(report) is Damaged or Lost) ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static RunRepair Open(string directory)
    {
        try
        {
            return new RunRepair(directory);
        }
        catch (ArgumentException error) when (error.ParamName == "directory")
        {
            // Without the parameter's name, which the framework adds.
            throw new BadArgumentsException(error.Message[..error.Message.LastIndexOf(" (Parameter", StringComparison.Ordinal)]);
        }
    }

    private static RepairReport Treat(RunRepair repair, string id, bool isContinuing, bool isRenewing)
    {
        var report = repair.Examine(id);
        return report.Obstacle is null && isContinuing && (isRenewing || report.Problem is not null) ? repair.Continue(id) : report;
    }

    private static string StateOf(RepairReport report) =>
        report.KeptAt is not null ? Continued : report.Obstacle is not null ? Lost : report.Problem is not null ? Damaged : Sound;

    private static string Tell(RepairReport report) => StateOf(report) switch
    {
        Lost => $"{report.Problem} {report.Obstacle}",
        Continued => $"{report.Problem ?? "Nothing was wrong with it."} It goes on from step {report.Step}, revision {report.Revision}, with another epoch; its files as they were are in {report.KeptAt}",
        _ => $"{report.Problem} It can go on from step {report.Step}, revision {report.Revision}, with --continue",
    };

    private static JsonRecord ToJson(RepairReport report) => new JsonRecord()
        .Add("run_id", report.RunId)
        .Add("state", StateOf(report))
        .Add("problem", report.Problem)
        .Add("obstacle", report.Obstacle)
        .Add("step", (double?)report.Step)
        .Add("revision", (double?)report.Revision)
        .Add("commands", report.CommandCount)
        .Add("kept_at", report.KeptAt);

    private static IReadOnlyList<TextColumn<RepairReport>> Columns(bool isWide) =>
    [
        new("ID", report => isWide ? report.RunId : report.RunId[..8]),
        new("STATE", StateOf),
        new("STEP", report => report.Step?.ToString(CultureInfo.InvariantCulture) ?? "", IsNumber: true),
        new("REVISION", report => report.Revision?.ToString(CultureInfo.InvariantCulture) ?? "", IsNumber: true),
        new("COMMANDS", report => report.CommandCount.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("PROBLEM", report => report.Problem ?? "", IsWide: true),
    ];
}
