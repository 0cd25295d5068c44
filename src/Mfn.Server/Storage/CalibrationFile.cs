using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mfn.Server.Configuration;
using Mfn.Server.Files;
using Mfn.Server.Logging;
using Mfn.Server.Pricing;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Storage;

/// <summary>
/// Keeps the calibration in the data directory, so that the next server begins with what this one has measured. Without a data directory it begins with constants. Nothing
/// else depends on it: what cannot be read or is of another machine is told of and begun anew.
/// </summary>
internal sealed partial class CalibrationFile : IHostedService, IDisposable
{
    /// <summary>Its name in the data directory.</summary>
    public const string Name = "calibration.json";

    /// <summary>The most that a server which is killed forgets.</summary>
    public static readonly TimeSpan SaveInterval = TimeSpan.FromMinutes(1);

    private const int FormatVersion = 1;
    private const int MostBytes = 8 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly Calibration _calibration;
    private readonly ILogger<CalibrationFile> _logger;
    private readonly string? _path;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long _savedCount;
    private bool _hasFailed;

    public CalibrationFile(Calibration calibration, IOptions<RunsOptions> options, TimeProvider clock, ILogger<CalibrationFile> logger)
    {
        (_calibration, _logger) = (calibration, logger);
        _path = options.Value.DataDirectory.Length > 0 ? Path.Combine(Path.GetFullPath(options.Value.DataDirectory), Name) : null;
        _timer = clock.CreateTimer(_ => SaveIfNew(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What measurements of one machine must not be mixed with those of another.</summary>
    private static string Machine => $"{Environment.ProcessorCount} threads, {VectorBits} bits";

    private static int VectorBits => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 64;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_path is not null)
        {
            Read(_path);
            _timer.Change(SaveInterval, SaveInterval);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        SaveIfNew();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer.Dispose();

    private void Read(string path)
    {
        var kind = DirectoryEntry.KindOf(path);
        if (kind == EntryKind.Missing)
        {
            return;
        }

        try
        {
            if (kind != EntryKind.File)
            {
                throw new InvalidDataException($"it is {DirectoryEntry.Tell(kind)} and no file");
            }

            if (new FileInfo(path).Length > MostBytes)
            {
                throw new InvalidDataException($"it has more than {MostBytes} bytes");
            }

            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllBytes(path), Json) ?? throw new InvalidDataException("it is null");
            if (kept.Format != FormatVersion)
            {
                throw new InvalidDataException($"its format is {kept.Format}, not {FormatVersion}");
            }

            if (kept.Machine != Machine)
            {
                LogOtherMachine(path);
                return;
            }

            _calibration.Restore([.. kept.Kinds.Select(each => each ?? throw new InvalidDataException("one of its kinds is null")).Select(each => (new WorkKind(each.Name, each.SizeClass), each.Factors))]);
            _savedCount = _calibration.NoteCount;
        }
        catch (Exception error) when (error is InvalidDataException or JsonException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            LogNotRead(path, error.Message);
        }
    }

    private void SaveIfNew()
    {
        lock (_lock)
        {
            var count = _calibration.NoteCount;
            if (_path is null || count == _savedCount)
            {
                return;
            }

            try
            {
                var kept = new Kept(FormatVersion, Machine, [.. _calibration.Latest.Select(each => new KeptKind(each.Kind.Name, each.Kind.SizeClass, each.Factors))]);
                DurableFiles.Replace(_path, stream => JsonSerializer.Serialize(stream, kept, Json));
                (_savedCount, _hasFailed) = (count, false);
            }
            catch (Exception error) when (DurableFiles.IsWriteFailure(error))
            {
                // Not every minute.
                if (!_hasFailed)
                {
                    _hasFailed = true;
                    LogNotSaved(error.Message);
                }
            }
        }
    }

    [LoggerMessage(EventId = 1333, EventName = "CalibrationNotRead", Level = LogLevel.Warning, Message = "The calibration in {Path} cannot be used, and is begun anew: {Reason}")]
    [LogMeaning("What was measured of the machine's speed is measured again.")]
    private partial void LogNotRead(string path, string reason);

    [LoggerMessage(EventId = 1334, EventName = "CalibrationOfAnotherMachine", Level = LogLevel.Information, Message = "The calibration in {Path} is of another machine, and is begun anew")]
    [LogMeaning("The data directory has come from another machine; its speed is measured again.")]
    private partial void LogOtherMachine(string path);

    [LoggerMessage(EventId = 1335, EventName = "CalibrationNotSaved", Level = LogLevel.Warning, Message = "The calibration cannot be kept: {Reason}")]
    [LogMeaning("The machine's speed will be measured again at the next start. Look at the disk.")]
    private partial void LogNotSaved(string reason);

    private sealed record Kept(int Format, string Machine, ImmutableArray<KeptKind?> Kinds);

    private sealed record KeptKind(string Name, int SizeClass, ImmutableArray<double> Factors);
}
