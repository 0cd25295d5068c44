namespace Mfn.Cli.Completion;

/// <summary>What can stand where the cursor is: paths that the shell knows best, or some candidates, or nothing that is known.</summary>
internal sealed record CompletionAnswer(PathKind Paths, IReadOnlyList<Candidate> Candidates)
{
    public static CompletionAnswer Nothing { get; } = new(PathKind.None, []);

    /// <summary>As the shells' scripts read it: a line with none, files or folders, then a line a candidate, its value and its description with a tab between.</summary>
    public void WriteTo(TextWriter output)
    {
        output.WriteLine(Paths switch { PathKind.File => "files", PathKind.Folder => "folders", _ => "none" });
        foreach (var (value, description) in Candidates)
        {
            output.WriteLine($"{value}\t{description}");
        }
    }
}
