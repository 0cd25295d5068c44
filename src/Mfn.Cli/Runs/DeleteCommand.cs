using System.CommandLine;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run delete</c>: ends runs.</summary>
internal static class DeleteCommand
{
    public const string Name = "delete";

    public const string Examples = """
        Examples:
          mfn run delete ID
          mfn run delete 3f2a 91c0

        Of several runs those that can be are deleted; what is wrong with the others is told, and the exit code says so.
        """;

    public static Command Create() => EachRun.CreateCommand(
        Name,
        "Ends runs and forgets them.",
        "The run as it was as one JSON object, several as an array",
        (client, id, cancellationToken) => client.Runs.DeleteAsync(id, cancellationToken),
        (writer, run) => writer.WriteLine($"deleted {RunReport.ToLine(run)}"));
}
