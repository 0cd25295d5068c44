using Mfn.Contracts.Storage.V1;

namespace Mfn.Server.Storage;

/// <summary>What can be read of a log, be it damaged.</summary>
/// <param name="Records">From its beginning on, without a gap. The first is the header.</param>
/// <param name="Later">From behind the damage; there may be others between.</param>
internal sealed record SalvagedLog(IReadOnlyList<RunLogRecord> Records, IReadOnlyList<RunLogRecord> Later)
{
    /// <summary>What the run is; null if that cannot be read.</summary>
    public RunHeader? Header => Records.Count > 0 ? Records[0].Header : null;

    /// <summary>Reads what can be read; changes nothing.</summary>
    /// <exception cref="RunDamagedException">There is no log.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SalvagedLog Read(string path, string markPath)
    {
        using var handle = RunLog.OpenFile(path);
        LogIdentity? identity;
        try
        {
            identity = LogPreamble.Read(path, handle);
            if (identity is null)
            {
                return new SalvagedLog([.. Version1Log.ReadToDamage(path, handle).Appends.SelectMany(records => records)], []);
            }
        }
        catch (RunDamagedException)
        {
            identity = IdentityFromMark(markPath);
        }

        return identity is { } known ? Read(new LogReader(path, handle, known, RandomAccess.GetLength(handle))) : new SalvagedLog([], []);
    }

    private static LogIdentity? IdentityFromMark(string markPath)
    {
        try
        {
            using var mark = LogMarkFile.Open(markPath);
            return mark.Mark.Log;
        }
        catch (Exception error) when (error is RunDamagedException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static SalvagedLog Read(LogReader reader)
    {
        var (records, later) = (new List<RunLogRecord>(), new List<RunLogRecord>());
        var isWhole = true;
        long sequence = 0;
        while (true)
        {
            while (TryRead(reader, out var append))
            {
                // Bytes may be there twice.
                if (append.Header.Sequence > sequence)
                {
                    (isWhole ? records : later).AddRange(append.Records);
                    sequence = append.Header.Sequence;
                }
            }

            isWhole = false;
            if (reader.FindHeader(reader.Position + 1) is not { } next)
            {
                return new SalvagedLog(records, later);
            }

            reader.SkipTo(next);
        }
    }

    private static bool TryRead(LogReader reader, out LogAppend append)
    {
        try
        {
            return reader.TryRead(out append);
        }
        catch (RunDamagedException)
        {
            append = null!;
            return false;
        }
    }
}
