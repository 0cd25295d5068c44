using System.Globalization;

namespace Mfn.Server.Audit;

/// <summary>The files of an audit log: the one that is written, NAME.jsonl, and those before it, NAME.NUMBER.jsonl, where NUMBER is that of their first line.</summary>
/// <param name="path">The file that is written.</param>
public sealed class AuditFileSet(string path)
{
    private const string NumberForm = "D15";
    private const int NumberLength = 15;

    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
    private readonly string _stem = Path.GetFileNameWithoutExtension(path);
    private readonly string _extension = Path.GetExtension(path);

    /// <summary>The file that is written.</summary>
    public string Active { get; } = Path.GetFullPath(path);

    /// <summary>The file that says, beside the log, how far it goes: its last line may be up to <c>Audit:FlushInterval</c> later.</summary>
    public string Head => $"{Active}.head";

    internal string Lock => $"{Active}.lock";

    internal string Folder => _folder;

    /// <summary>What a file is called when another one is begun.</summary>
    /// <param name="firstNumber">The number of its first line.</param>
    public string NameOf(long firstNumber) => Path.Combine(_folder, $"{_stem}.{firstNumber.ToString(NumberForm, CultureInfo.InvariantCulture)}{_extension}");

    /// <summary>The files before the one that is written, the oldest first.</summary>
    public IReadOnlyList<string> FindOlder() => !Directory.Exists(_folder)
        ? []
        : [.. Directory.EnumerateFiles(_folder, $"{_stem}.*{_extension}").Where(IsOlder).Order(StringComparer.Ordinal)];

    /// <summary>The number of the first line of a file before the one that is written, as its name says; null of other files.</summary>
    public long? FirstNumberOf(string file) =>
        IsOlder(Path.GetFullPath(file)) ? long.Parse(Path.GetFileName(file).AsSpan(_stem.Length + 1, NumberLength), CultureInfo.InvariantCulture) : null;

    private bool IsOlder(string file)
    {
        var name = Path.GetFileName(file);
        return name.Length == _stem.Length + 1 + NumberLength + _extension.Length
            && name.StartsWith($"{_stem}.", StringComparison.Ordinal)
            && !name.AsSpan(_stem.Length + 1, NumberLength).ContainsAnyExceptInRange('0', '9');
    }
}
