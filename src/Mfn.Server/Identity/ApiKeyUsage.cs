using System.Collections.Concurrent;
using System.Text.Json;
using Mfn.Server.Logging;
using Mfn.Server.Secrets;

namespace Mfn.Server.Identity;

/// <summary>
/// When each API key was last used. It is kept beside the file of keys, which is its operator's to write, and not at every call: a server that is killed
/// forgets up to a minute. Thread-safe.
/// </summary>
public sealed partial class ApiKeyUsage
{
    private const string Suffix = ".used";
    private const long ResolutionTicks = TimeSpan.TicksPerSecond;

    private static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(1);

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, long> _times;
    private DateTimeOffset _saved;
    private bool _isChanged;
    private bool _hasFailed;

    /// <param name="keyFile">The file of keys.</param>
    /// <param name="logger">Is told when the times cannot be written.</param>
    internal ApiKeyUsage(string keyFile, ILogger logger)
    {
        _path = keyFile + Suffix;
        _logger = logger;
        _times = new(Read(keyFile).Select(entry => KeyValuePair.Create(entry.Key, entry.Value.UtcTicks)));
    }

    /// <summary>When keys were last used, as servers have written it; those that are not in it never were, as far as anybody knows.</summary>
    /// <param name="keyFile">The file of keys.</param>
    public static IReadOnlyDictionary<string, DateTimeOffset> Read(string keyFile)
    {
        try
        {
            return FileText.Read(keyFile + Suffix, out var text) is null ? JsonSerializer.Deserialize<Dictionary<string, DateTimeOffset>>(text) ?? [] : [];
        }
        catch (JsonException)
        {
            // Nothing depends on it, and the next server writes it anew.
            return new Dictionary<string, DateTimeOffset>();
        }
    }

    /// <summary>A key was used.</summary>
    internal void Note(string id, DateTimeOffset now)
    {
        var ticks = now.UtcTicks;
        if (ticks - _times.GetValueOrDefault(id) >= ResolutionTicks)
        {
            _times[id] = ticks;
            Volatile.Write(ref _isChanged, true);
        }
    }

    /// <summary>Writes the times if the last writing was long ago.</summary>
    internal void SaveIfDue(DateTimeOffset now)
    {
        if (now - _saved >= SaveInterval)
        {
            _saved = now;
            Save();
        }
    }

    /// <summary>Writes the times if there is something new.</summary>
    internal void Save()
    {
        if (!Volatile.Read(ref _isChanged))
        {
            return;
        }

        Volatile.Write(ref _isChanged, false);
        try
        {
            var times = _times.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary(entry => entry.Key, entry => new DateTimeOffset(entry.Value, TimeSpan.Zero));
            var temporary = $"{_path}.{Environment.ProcessId}.tmp";
            using (var file = new FileStream(temporary, Options()))
            {
                JsonSerializer.Serialize(file, times);
            }

            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that is mounted has a folder that nobody can write to; that is no reason to say so every minute.
            if (!_hasFailed)
            {
                _hasFailed = true;
                LogNotSaved(_path, error.Message);
            }
        }
    }

    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    [LoggerMessage(EventId = 1201, EventName = "KeyUsageNotSaved", Level = LogLevel.Warning, Message = "When keys were last used cannot be written to '{Path}': {Reason}")]
    [LogMeaning("When keys were last used is not written to disk; keys work all the same. Look at the disk and at the rights of the folder.")]
    private partial void LogNotSaved(string path, string reason);
}
