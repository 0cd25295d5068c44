using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Mfn.Cli.Output;
using Mfn.Server.Audit;

namespace Mfn.Cli.Audit;

/// <summary><c>mfn audit</c>: what servers have written down of who did what.</summary>
internal static partial class AuditCommand
{
    public const string Name = "audit";

    private const string VerifyName = "verify";

    private const string Examples = """
        Examples:
          mfn audit verify /var/log/mfn/audit.jsonl
          mfn audit verify /var/log/mfn/audit.jsonl --known 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
          mfn audit verify backup/audit.000000000000001.jsonl backup/audit.000000000070412.jsonl --json

        One FILE is the log of a server, Audit:File: the files before it, and how far it goes, are found beside it. Several are read in the order given, as they are. A server
        may be writing the log. Exit code 1 says that a line was changed, removed, inserted or moved: the first such line is told.
        """;

    private const string Sound = "sound";
    private const string Broken = "broken";

    /// <summary>The examples of the command and those below it, by the commands' paths.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByPath { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [$"{Name} {VerifyName}"] = Examples,
    };

    public static Command Create() => new(Name, "Checks the audit logs of servers.") { CreateVerify() };

    private static Command CreateVerify()
    {
        var files = new Argument<string[]>("FILE") { Arity = ArgumentArity.OneOrMore, Description = "The log of a server, or several files, the oldest first." };
        var known = new Option<string[]>("--known") { HelpName = "SEQ:HASH", Description = "A line that is known to have been there, as an earlier check or a server's log has told it. May be repeated." };
        known.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => Parse(token.Value) is null))
            {
                result.AddError($"--known must be a line's number, a colon and its hash of 64 hexadecimal digits, but was '{token.Value}'.");
            }
        });
        var output = new OutputOptions();
        var command = new Command(VerifyName, "Checks that nobody has changed an audit log.") { files, known };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var verification = Verify(arguments.GetRequiredValue(files), [.. (arguments.GetValue(known) ?? []).Select(text => Parse(text)!.Value)]);
            answer.Write(ToJson(verification), Facts(verification));
            if (verification.Problem is { } problem)
            {
                arguments.InvocationConfiguration.Error.WriteLine(verification.ProblemLine > 0
                    ? string.Create(CultureInfo.InvariantCulture, $"mfn: {verification.ProblemFile}: line {verification.ProblemLine} {problem}")
                    : $"mfn: {verification.ProblemFile}: {problem}");
                return ExitCode.Failure;
            }

            if (verification.TornBytes > 0)
            {
                answer.Note(string.Create(
                    CultureInfo.InvariantCulture, $"The last {verification.TornBytes} bytes are no whole line: a server was killed while it wrote, or is writing. The next server keeps them in its first line."));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static AuditVerification Verify(string[] files, AuditPosition[] known)
    {
        var missing = files.Where(file => !File.Exists(file) && (files.Length > 1 || new AuditFileSet(file).FindOlder().Count == 0)).ToArray();
        BadArgumentsException.ThrowIfAny([.. missing.Select(file => $"FILE must be a file of an audit log, but there is no '{file}'.")]);
        return files is [var log] ? AuditVerification.OfLog(log, known) : AuditVerification.OfFiles(files, known);
    }

    private static AuditPosition? Parse(string text) =>
        KnownForm().Match(text) is { Success: true } match ? new AuditPosition(long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value) : null;

    private static (string, string)[] Facts(AuditVerification verification) =>
    [
        ("state", verification.Problem is null ? Sound : Broken),
        ("files", Text(verification.Files.Count)),
        ("lines", Text(verification.LineCount)),
        ("first", verification.LineCount > 0 ? $"{Text(verification.FirstNumber)}, {verification.FirstTime}" : "none"),
        ("last", verification.LineCount > 0 ? $"{Text(verification.Last.Number)}, {verification.LastTime}" : "none"),
        ("known", verification.Last.ToString()),
        ("end", verification.IsEndKnown ? "checked" : "not known: lines may be missing after the last"),
        ("lost events", Text(verification.LostCount)),
        ("sudden ends", Text(verification.UnclosedCount)),
    ];

    private static JsonRecord ToJson(AuditVerification verification) => new JsonRecord()
        .Add("state", verification.Problem is null ? Sound : Broken)
        .Add("files", verification.Files)
        .Add("lines", verification.LineCount)
        .Add("first_seq", verification.FirstNumber)
        .Add("first_time", verification.FirstTime)
        .Add("last_seq", verification.Last.Number)
        .Add("last_time", verification.LastTime)
        .Add("last_hash", verification.Last.Hash)
        .Add("end_is_known", verification.IsEndKnown)
        .Add("torn_bytes", verification.TornBytes)
        .Add("lost_events", verification.LostCount)
        .Add("sudden_ends", verification.UnclosedCount)
        .Add("problem", verification.Problem)
        .Add("problem_file", verification.ProblemFile)
        .Add("problem_line", verification.ProblemLine > 0 ? verification.ProblemLine : (double?)null);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A([0-9]{1,18}):([0-9a-f]{64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex KnownForm();
}
