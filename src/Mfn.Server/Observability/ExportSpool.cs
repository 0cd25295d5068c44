using System.Globalization;
using System.Text.RegularExpressions;

namespace Mfn.Server.Observability;

/// <summary>
/// Requests that the collector has not taken, on disk, in the order in which they are to be sent. The oldest are given up where they would take more than they may. What
/// an earlier server has left is among them. Thread-safe; one user of a directory at a time.
/// </summary>
internal sealed partial class ExportSpool
{
    private const UnixFileMode OwnersFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Lock _lock = new();
    private readonly string _directory;
    private readonly long _maxBytes;
    private readonly ExportCounts _counts;
    private readonly LinkedList<Entry> _entries = [];
    private long _bytes;
    private long _next;

    /// <param name="directory">Where they are: created, for its owner alone.</param>
    /// <param name="maxBytes">How much they may take.</param>
    /// <param name="counts">Where those are counted that are given up.</param>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    public ExportSpool(string directory, long maxBytes, ExportCounts counts)
    {
        (_directory, _maxBytes, _counts) = (directory, maxBytes, counts);
        try
        {
            CreateDirectory(directory);
            foreach (var file in new DirectoryInfo(directory).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                if (FileName().Match(file.Name) is { Success: true } name)
                {
                    Append(new Entry(file.FullName, int.Parse(name.Groups["count"].ValueSpan, CultureInfo.InvariantCulture), file.Length));
                    _next = long.Parse(name.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) + 1;
                }
                else
                {
                    // What was being written when a server ended.
                    file.Delete();
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"What waits for the collector cannot be kept in {directory}: {error.Message}", error);
        }

        GiveUpFor(0);
    }

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count == 0;
            }
        }
    }

    /// <summary>What they take on disk.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Keeps a request; false if it cannot be.</summary>
    /// <param name="body">The request.</param>
    /// <param name="count">How many spans or log records it has.</param>
    public bool TryAdd(ReadOnlySpan<byte> body, int count)
    {
        if (body.Length > _maxBytes)
        {
            return false;
        }

        lock (_lock)
        {
            GiveUpFor(body.Length);
            var path = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{_next:D19}-{count}.otlp"));
            try
            {
                var written = path + ".new";
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = OwnersFile;
                }

                using (var file = new FileStream(written, options))
                {
                    file.Write(body);
                }

                File.Move(written, path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }

            _next++;
            Append(new Entry(path, count, body.Length));
            return true;
        }
    }

    /// <summary>The oldest; null if nothing waits.</summary>
    public (byte[] Body, int Count, object Key)? Peek()
    {
        lock (_lock)
        {
            while (_entries.First?.Value is { } first)
            {
                try
                {
                    return (File.ReadAllBytes(first.Path), first.Count, first);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // Somebody else has removed it.
                    GiveUp(first);
                }
            }

            return null;
        }
    }

    /// <summary>Forgets what has been sent. It may have been given up meanwhile.</summary>
    /// <returns>Whether it was still there.</returns>
    public bool Remove(object key)
    {
        lock (_lock)
        {
            var entry = (Entry)key;
            if (!_entries.Remove(entry))
            {
                return false;
            }

            _bytes -= entry.Bytes;
            Delete(entry);
            return true;
        }
    }

    private void Append(Entry entry)
    {
        _entries.AddLast(entry);
        _bytes += entry.Bytes;
    }

    private void GiveUpFor(long more)
    {
        while (_bytes + more > _maxBytes && _entries.First?.Value is { } oldest)
        {
            GiveUp(oldest);
        }
    }

    private void GiveUp(Entry entry)
    {
        _entries.Remove(entry);
        _bytes -= entry.Bytes;
        Delete(entry);
        _counts.Lose(entry.Count);
    }

    private static void CreateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnersFolder);
        }
    }

    private static void Delete(Entry entry)
    {
        try
        {
            File.Delete(entry.Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next server sends it again, or gives it up.
        }
    }

    [GeneratedRegex(@"\A(?<number>[0-9]{19})-(?<count>[0-9]{1,9})\.otlp\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();

    private sealed class Entry(string path, int count, long bytes)
    {
        public string Path => path;

        public int Count => count;

        public long Bytes => bytes;
    }
}
