using System.Text.Json;
using Mfn.Server.Audit;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Audit;

/// <summary>A folder for an audit log that lives as long as a test.</summary>
internal sealed class AuditFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-audit-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "audit.jsonl");

    public string Setting => $"Audit:File={Path}";

    /// <summary>All files of the log, the oldest first.</summary>
    public IReadOnlyList<string> Files => [.. new AuditFileSet(Path).FindOlder(), Path];

    /// <summary>All lines of the log.</summary>
    public IReadOnlyList<JsonElement> Lines => [.. Files.SelectMany(ReadLines).Select(line => JsonDocument.Parse(line).RootElement.Clone())];

    /// <summary>Everything in the log.</summary>
    public string Text => string.Concat(Files.Select(file => string.Join('\n', ReadLines(file))));

    /// <summary>The lines, once there is one that is wanted.</summary>
    public async Task<IReadOnlyList<JsonElement>> WaitForAsync(Func<JsonElement, bool> isWanted)
    {
        IReadOnlyList<JsonElement>? lines = null;
        await Patience.UntilAsync(() => (lines = TryReadLines())?.Any(isWanted) == true, () => $"There are {lines?.Count ?? 0} lines, none of them the one that is waited for.");
        return lines!;
    }

    /// <summary>A member of a line as text; null if it has none.</summary>
    public static string? Member(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.ToString() : null;

    public void Dispose() => _folder.Delete(recursive: true);

    // A server may be about to put another file in the place of one that has been found.
    private IReadOnlyList<JsonElement>? TryReadLines()
    {
        try
        {
            return Lines;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static IEnumerable<string> ReadLines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
