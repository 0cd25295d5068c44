using Mfn.Server.Texts;


namespace Mfn.Server.Storage;

/// <content>What there is beside the runs.</content>
internal sealed partial class RunStore
{
    /// <summary>The runs there are, in no order. Nothing is known of their files yet.</summary>
    public IReadOnlyList<RunId> List() =>
    [
        .. Directory.EnumerateDirectories(_runs)
            .Where(path => DirectoryEntry.KindOf(path) == EntryKind.Folder)
            .Select(path => RunId.TryParse(Path.GetFileName(path), out var id) ? id : (RunId?)null)
            .OfType<RunId>(),
    ];

    /// <summary>What stands among the runs and is none, in no order.</summary>
    public IReadOnlyList<OddEntry> ListOdd() => [.. Directory.EnumerateFileSystemEntries(_runs).Select(FindOddity).OfType<OddEntry>()];

    /// <summary>The checkpoints of a run, of which some may be gone by now, and none be a file; none if the run is gone.</summary>
    public IReadOnlyList<(RunPosition Position, string Path)> ListCheckpoints(RunId id)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(PathOf(id))
                    .Select(path => CheckpointFileName.TryParse(Path.GetFileName(path), out var position) ? (position, path) : ((RunPosition Position, string Path)?)null)
                    .OfType<(RunPosition Position, string Path)>(),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A system's message without the directory that the data is in, which is nobody's business but the operator's.</summary>
    public string WithoutDirectory(string message) => message.Replace(_runs + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    private static OddEntry? FindOddity(string path)
    {
        var name = Path.GetFileName(path);
        var kind = DirectoryEntry.KindOf(path);
        if (kind == EntryKind.Folder && (RunId.TryParse(name, out _) || IsLeftover(path)))
        {
            return null;
        }

        RunId? meant = Guid.TryParseExact(name, "N", out var value) ? new RunId(value) : null;
        var problem = kind != EntryKind.Folder
            ? $"It is {DirectoryEntry.Tell(kind)} and no folder."
            : meant is { } id ? $"Its name is written otherwise than {id}." : "No run has such a name.";
        return new OddEntry(CallersText.Show(name, CallersText.LongestQuote), meant, problem);
    }

    private static void RequireFile(string path)
    {
        if (DirectoryEntry.KindOf(path) is not EntryKind.File and var kind)
        {
            throw new RunDamagedException(path, $"is {DirectoryEntry.Tell(kind)}{(kind == EntryKind.Missing ? "" : " and no file")}");
        }
    }
}
