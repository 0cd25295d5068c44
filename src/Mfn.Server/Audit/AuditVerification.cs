using System.Globalization;
using System.Text.Json;

namespace Mfn.Server.Audit;

/// <summary>What the files of an audit log are worth: whether each line follows the one before it, and where that ends.</summary>
public sealed class AuditVerification
{
    // A busy server with small files begins one while they are read more than once.
    private const int MostTries = 20;

    private readonly List<string> _files = [];
    private readonly IReadOnlyList<AuditPosition> _known;
    private readonly List<AuditPosition> _found = [];
    private string _lastKind = "";

    private AuditVerification(IReadOnlyList<AuditPosition> known) => _known = known;

    /// <summary>The files that were read, in their order.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>How many lines were found good.</summary>
    public long LineCount { get; private set; }

    /// <summary>The number of the first line; 0 if there is none. What comes before 1 is in files that are not among these.</summary>
    public long FirstNumber { get; private set; }

    /// <summary>The time in the first line.</summary>
    public string? FirstTime { get; private set; }

    /// <summary>The last good line.</summary>
    public AuditPosition Last { get; private set; } = AuditPosition.Start;

    /// <summary>The time in the last good line.</summary>
    public string? LastTime { get; private set; }

    /// <summary>Whether something said beforehand how far the log goes: if not, lines may be missing at its end.</summary>
    public bool IsEndKnown => _known.Count > 0;

    /// <summary>Bytes behind the last line: a server was killed while it wrote a line, or writes it now.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Events that servers knew they lost, when they could not write.</summary>
    public long LostCount { get; private set; }

    /// <summary>Times that a server ended without saying so: what it had just then to write may be missing.</summary>
    public long UnclosedCount { get; private set; }

    /// <summary>What is wrong; null if nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>The file with the first line that is wrong.</summary>
    public string? ProblemFile { get; private set; }

    /// <summary>The first line that is wrong, from 1 on; 0 if it is no line.</summary>
    public long ProblemLine { get; private set; }

    /// <summary>Reads the log that a server writes, or has written, with all its files.</summary>
    /// <param name="path">The file of <c>Audit:File</c>.</param>
    /// <param name="known">Lines that are known to have been there, from elsewhere.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditVerification OfLog(string path, params IReadOnlyList<AuditPosition> known)
    {
        var set = new AuditFileSet(path);
        for (var tryCount = 1; ; tryCount++)
        {
            // Before the lines, which a server may still write.
            var head = AuditHead.Read(set.Head);
            var older = set.FindOlder();
            IReadOnlyList<string> files = File.Exists(set.Active) || older.Count == 0 ? [.. older, set.Active] : older;
            var verification = new AuditVerification(head is { Position: var end } ? [.. known, end] : known);
            verification.Read(files, file => file != set.Active ? set.FirstNumberOf(file) : head?.FirstNumber, head?.Position.Number ?? 0);
            if (verification.Problem is null || tryCount == MostTries || older.SequenceEqual(set.FindOlder()))
            {
                return verification;
            }

            // A server has begun another file meanwhile.
        }
    }

    /// <summary>Reads files, each of which goes on where the one before it ends.</summary>
    /// <param name="files">The files, the oldest first.</param>
    /// <param name="known">Lines that are known to have been there, from elsewhere.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditVerification OfFiles(IReadOnlyList<string> files, params IReadOnlyList<AuditPosition> known)
    {
        ArgumentNullException.ThrowIfNull(files);
        var verification = new AuditVerification(known);
        verification.Read(files, _ => null, knownNumber: 0);
        return verification;
    }

    private void Read(IReadOnlyList<string> files, Func<string, long?> firstNumberOf, long knownNumber)
    {
        for (var i = 0; i < files.Count && Problem is null; i++)
        {
            Read(files[i], isLast: i == files.Count - 1, firstNumberOf(files[i]), knownNumber);
        }

        CheckEnd();
    }

    private void Read(string path, bool isLast, long? firstNumber, long knownNumber)
    {
        _files.Add(path);
        var before = LineCount;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var buffer = new byte[128 * 1024];
        var (filled, lineNumber) = (0, 0L);
        while (true)
        {
            var count = file.Read(buffer, filled, buffer.Length - filled);
            filled += count;
            var start = 0;
            while (buffer.AsSpan(start, filled - start).IndexOf((byte)'\n') is var end and >= 0)
            {
                lineNumber++;
                if (Check(buffer.AsSpan(start, end + 1)) is { } problem)
                {
                    (Problem, ProblemFile, ProblemLine) = (problem, path, lineNumber);
                    return;
                }

                start += end + 1;
            }

            filled -= start;
            buffer.AsSpan(start, filled).CopyTo(buffer);
            if (filled == buffer.Length)
            {
                (Problem, ProblemFile, ProblemLine) = ($"is longer than any line of an audit log ({AuditLine.MaxLength} bytes).", path, lineNumber + 1);
                return;
            }

            if (count == 0)
            {
                break;
            }
        }

        if (filled > 0 && !isLast)
        {
            (Problem, ProblemFile, ProblemLine) = ("is cut off, though another file comes after it.", path, lineNumber + 1);
        }

        TornBytes = filled;
        var found = Last.Number - (LineCount - before) + 1;
        if (Problem is null && LineCount > before && firstNumber is { } first && found != first && (!isLast || found <= knownNumber))
        {
            (Problem, ProblemFile, ProblemLine) = (Invariant($"has the number {found}, but {first} should come: lines are missing, or were moved."), path, 1);
            LineCount = before;
        }
    }

    private string? Check(ReadOnlySpan<byte> line)
    {
        if (line.Length > AuditLine.MaxLength || !TryParse(line, out var parsed))
        {
            return "is no line of an audit log.";
        }

        if (LineCount == 0)
        {
            if (parsed.Number == 1 && parsed.Previous != AuditLine.Beginning)
            {
                return "says that it is the first, and that another comes before it.";
            }

            (FirstNumber, FirstTime) = (parsed.Number, parsed.Time);
        }
        else if (parsed.Number != Last.Number + 1)
        {
            return parsed.Number > Last.Number + 1
                ? Invariant($"has the number {parsed.Number}, but {Last.Number + 1} should come: lines are missing, or were moved.")
                : Invariant($"has the number {parsed.Number}, but {Last.Number + 1} should come: lines were inserted, or moved.");
        }
        else if (parsed.Previous != Last.Hash)
        {
            return Invariant($"does not follow the line before it: number {Last.Number} or {parsed.Number} was changed.");
        }

        var position = new AuditPosition(parsed.Number, AuditLine.HashOf(line));
        foreach (var known in _known.Where(known => known.Number == parsed.Number))
        {
            if (known.Hash != position.Hash)
            {
                return Invariant($"is not the line with the number {known.Number} that is known to have been there: its hash was {known.Hash}.");
            }

            _found.Add(known);
        }

        UnclosedCount += parsed.Kind == "opened" && LineCount > 0 && _lastKind != "closed" ? 1 : 0;
        (Last, LastTime, _lastKind) = (position, parsed.Time, parsed.Kind);
        LostCount += parsed.Lost;
        LineCount++;
        return null;
    }

    private void CheckEnd()
    {
        if (Problem is null && _known.Except(_found).OrderBy(known => known.Number).FirstOrDefault() is { Number: > 0 } missing)
        {
            (Problem, ProblemFile) = (
                missing.Number > Last.Number
                    ? Invariant($"The log ends with number {Last.Number}, but went up to {missing.Number} at least: lines were cut off.")
                    : Invariant($"The log begins with number {FirstNumber}, so that {missing.Number}, which is known to have been there, is not in it."),
                _files.LastOrDefault());
        }
    }

    private static bool TryParse(ReadOnlySpan<byte> line, out Line parsed)
    {
        parsed = default;
        try
        {
            var reader = new Utf8JsonReader(line);
            using var json = JsonDocument.ParseValue(ref reader);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty(AuditLine.NumberName, out var number) || number.ValueKind != JsonValueKind.Number || !number.TryGetInt64(out var value) || value < 1
                || Text(root, AuditLine.PreviousName) is not { } previous || Text(root, "event") is not { } kind || Text(root, "time") is not { } time)
            {
                return false;
            }

            var lost = root.TryGetProperty("lost", out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt64(out var events) ? events : 0;
            parsed = new Line(value, previous, kind, time, lost);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Line(long Number, string Previous, string Kind, string Time, long Lost);
}
