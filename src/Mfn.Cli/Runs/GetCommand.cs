using System.CommandLine;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run get</c>: runs by their ids.</summary>
internal static class GetCommand
{
    public const string Name = "get";

    public const string Examples = """
        Examples:
          mfn run get ID
          mfn run get 3f2a 91c0 --json
        """;

    public static Command Create() => EachRun.CreateCommand(
        Name,
        "Shows runs.",
        "One JSON object, for several runs an array",
        (client, id, cancellationToken) => client.Runs.GetAsync(id, cancellationToken),
        RunReport.WriteText);
}
