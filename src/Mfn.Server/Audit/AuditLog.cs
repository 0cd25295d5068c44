using System.Threading.Channels;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Audit;

/// <summary>
/// The server's audit log: events from all calls go through one bounded queue to one writer, which chains, writes and flushes them. What a call waits for is room in the
/// queue, not the disk. Thread-safe.
/// </summary>
internal sealed partial class AuditLog : IHostedService, IDisposable
{
    /// <summary>Events that may wait for the writer.</summary>
    public const int QueueLength = 4096;

    // Of events that are written at once: a file may be larger by so much than it should.
    private const int BatchBytes = 32 * 1024;

    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly IOptionsMonitor<AuditOptions> _monitor;
    private readonly TimeProvider _clock;
    private readonly ServerMetrics _metrics;
    private readonly ILogger<AuditLog> _logger;
    private readonly AlikeCalls _alike;
    private readonly CancellationTokenSource _ending = new();
    private readonly Channel<AuditEvent> _queue = Channel.CreateBounded<AuditEvent>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private AuditFile? _file;
    private Task _writing = Task.CompletedTask;
    private long _callCount;
    private long _lostCount;
    private long _flushed;
    private long _stored;
    private AuditFlush? _flush;
    private Task _flushing = Task.CompletedTask;
    private long _telling;
    private (long First, long Last)? _unflushed;
    private DateTimeOffset? _failedSince;
    private volatile bool _isFailing;

    public AuditLog(IOptionsMonitor<AuditOptions> options, TimeProvider clock, ServerMetrics metrics, ILogger<AuditLog> logger)
    {
        (_monitor, _clock, _metrics, _logger) = (options, clock, metrics, logger);
        _alike = new AlikeCalls(clock);
    }

    private AuditOptions Options => _monitor.CurrentValue;

    /// <summary>Whether there is a log.</summary>
    public bool IsOn => Options.File is not null;

    /// <summary>Whether calls must be refused, since nobody would know of them.</summary>
    public bool MustRefuse => _isFailing && !Options.ServeWhenUnwritable;

    /// <summary>A call that begins.</summary>
    public AuditedCall Begin() => new(Interlocked.Increment(ref _callCount), _clock.GetTimestamp());

    /// <summary>How long ago a call began.</summary>
    public TimeSpan DurationOf(AuditedCall call) => _clock.GetElapsedTime(call.Start);

    /// <summary>Notes an event of now or a moment ago. It waits, for seconds at most, while the writer has more to do than it can; an event that finds no room is counted.</summary>
    public ValueTask NoteAsync(AuditEvent each)
    {
        if (!IsOn || _queue.Writer.TryWrite(each))
        {
            return ValueTask.CompletedTask;
        }

        return new ValueTask(WaitAsync(each));
    }

    /// <summary>Notes a call that anybody can make in any number: it may only be counted.</summary>
    public ValueTask NoteAlikeAsync(AuditEvent call) => _alike.ShouldTell(call, !_isFailing) ? NoteAsync(call) : ValueTask.CompletedTask;

    /// <exception cref="IOException">The log cannot be written.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Options.File is { } path)
        {
            _file = new AuditFile(path, Options.MaxFileBytes, Options.MaxFiles);
            var number = _file.Position.Number;
            _file.Add(new AuditEvent(AuditEventKind.Opened, _clock.GetUtcNow()) { Facts = [("version", VersionOf()), .. _file.Opening] });
            _file.Write();
            _file.Flush();
            _flushed = _clock.GetTimestamp();
            LogOpened(path, number, _file.Position.Hash);
            foreach (var (name, value) in _file.Opening.Where(fact => fact.Value is long))
            {
                LogOddOpening(path, name, (long)value);
            }

            _writing = Task.Run(() => WriteAsync(_file), CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>Writes what is left. For the server's end, when no call is open any more.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _ending.CancelAsync();
        await _writing.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _ending.Dispose();
        _file?.Dispose();
    }

    private static string VersionOf() => typeof(AuditLog).Assembly.GetName().Version?.ToString(3) ?? "";

    private async Task WaitAsync(AuditEvent each)
    {
        // While it fails there will be no room for long.
        if (!_isFailing)
        {
            using var limit = new CancellationTokenSource(Patience, _clock);
            try
            {
                await _queue.Writer.WriteAsync(each, limit.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                // It is lost.
            }
            catch (ChannelClosedException)
            {
                // So it is: the server has ended.
            }
        }

        Lose(1);
    }

    private async Task WriteAsync(AuditFile file)
    {
        try
        {
            while (await WaitForEventsAsync(file))
            {
                // The first event is written at once, those that come in a stream together: each writing wakes a thread, which costs more than the event.
                if (_clock.GetElapsedTime(_stored) < Linger)
                {
                    await Task.Delay(Linger, _clock, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                await StoreAsync(file, isEnd: false);
                _stored = _clock.GetTimestamp();
            }

            await StoreAsync(file, isEnd: true);
        }
        catch (Exception error)
        {
            // Without its writer the log would fill up in silence.
            LogBroken(error);
            _isFailing = true;
            throw;
        }
    }

    /// <summary>Whether there may be events to come. Returns sooner if there is something to be told or flushed, or a flush has ended.</summary>
    private async ValueTask<bool> WaitForEventsAsync(AuditFile file)
    {
        if (_flush is not null)
        {
            using var end = new CancellationTokenSource();
            var waiting = _queue.Reader.WaitToReadAsync(end.Token).AsTask();
            if (await Task.WhenAny(waiting, _flushing) == waiting)
            {
                return await waiting;
            }

            await end.CancelAsync();
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        }

        if (!file.HasUnflushed && !_alike.HasOpenWindow && Volatile.Read(ref _lostCount) == 0)
        {
            return await _queue.Reader.WaitToReadAsync(CancellationToken.None);
        }

        var left = Options.FlushInterval - _clock.GetElapsedTime(_flushed);
        if (file.HasUnflushed && left <= TimeSpan.Zero)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(file.HasUnflushed ? left : RetryInterval, _clock);
        try
        {
            return await _queue.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private async Task StoreAsync(AuditFile file, bool isEnd)
    {
        while (true)
        {
            Fill(file, isEnd);
            try
            {
                Store(file, isEnd);
                return;
            }
            catch (IOException error)
            {
                NoteFailure(error);
                if (Options.ServeWhenUnwritable)
                {
                    // With the event that would have told of those before.
                    Lose(file.Forget());
                    Interlocked.Add(ref _lostCount, _telling);
                    _telling = 0;
                }
            }

            if (_ending.IsCancellationRequested)
            {
                LogUnwritten(file.PendingCount + _queue.Reader.Count);
                return;
            }

            try
            {
                await Task.Delay(RetryInterval, _clock, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                // One more try before the end.
            }
        }
    }

    private void Fill(AuditFile file, bool isEnd)
    {
        if (file.PendingBytes >= BatchBytes)
        {
            return;
        }

        while ((isEnd || file.PendingBytes < BatchBytes) && _queue.Reader.TryRead(out var each))
        {
            file.Add(each);
        }

        foreach (var each in _alike.Take(isEnd))
        {
            file.Add(each);
        }
    }

    /// <exception cref="IOException">Something could not be written.</exception>
    private void Store(AuditFile file, bool isEnd)
    {
        EndFlush(file, isWaiting: _isFailing || isEnd);
        if (file.GoOn() is { } unflushed)
        {
            _unflushed = (_unflushed?.First ?? unflushed.First, unflushed.Last);
        }

        Write(file);
        if (_isFailing || Volatile.Read(ref _lostCount) > 0)
        {
            Resume(file);
        }

        if (isEnd)
        {
            file.Add(new AuditEvent(AuditEventKind.Closed, _clock.GetUtcNow()));
            Write(file);
        }

        if (isEnd)
        {
            file.Flush();
            LogClosed(file.Position.Number, file.Position.Hash);
        }
        else if (_flush is null && file.HasUnflushed && _clock.GetElapsedTime(_flushed) >= Options.FlushInterval)
        {
            var flush = file.BeginFlush();
            (_flush, _flushed) = (flush, _clock.GetTimestamp());
            _flushing = Task.Run(flush.Execute);
        }
    }

    /// <summary>Tells what is missing, where the log can be written again.</summary>
    private void Resume(AuditFile file)
    {
        _telling = Interlocked.Exchange(ref _lostCount, 0);
        var since = _failedSince ?? _clock.GetUtcNow();
        var facts = new List<(string, object)> { ("since", since), ("lost", _telling) };
        if (_unflushed is var (first, last))
        {
            facts.AddRange([("unflushed_first", first), ("unflushed_last", last)]);
        }

        file.Add(new AuditEvent(AuditEventKind.Resumed, _clock.GetUtcNow()) { Facts = facts });
        Write(file);
        file.Flush();
        LogResumed(since, _telling);
        (_telling, _unflushed, _failedSince) = (0, null, null);
        _isFailing = false;
    }

    private void Write(AuditFile file)
    {
        if (file.PendingBytes > 0 && file.Write())
        {
            LogAnother(file.FirstNumber, file.PreviousHash);
        }
    }

    /// <summary>Takes note of the flush that was under way, if it has ended.</summary>
    /// <exception cref="IOException">It has failed.</exception>
    private void EndFlush(AuditFile file, bool isWaiting)
    {
        if (_flush is not { } flush || !(isWaiting || _flushing.IsCompleted))
        {
            return;
        }

        _flush = null;
        try
        {
            _flushing.GetAwaiter().GetResult();
            file.NoteFlushed(flush);
        }
        catch (IOException)
        {
            file.NoteUnflushed();
            throw;
        }
    }

    private void NoteFailure(IOException error)
    {
        if (!_isFailing)
        {
            _failedSince = _clock.GetUtcNow();
            _isFailing = true;
            LogFailed(error.Message, Options.ServeWhenUnwritable ? "calls go on, and their events are lost until it can" : "calls are refused until it can");
        }
    }

    private void Lose(long count)
    {
        if (count > 0)
        {
            Interlocked.Add(ref _lostCount, count);
            _metrics.LostAuditEvents.Inc(count);
        }
    }

    [LoggerMessage(EventId = 1500, EventName = "AuditLogOpened", Level = LogLevel.Information, Message = "The audit log {Path} goes on after event {Number}; its last line has the hash {Hash}")]
    [LogMeaning("Where the audit log goes on, for who keeps hashes elsewhere ([audit](audit.md)).")]
    private partial void LogOpened(string path, long number, string hash);

    [LoggerMessage(EventId = 1501, EventName = "AuditLogOdd", Level = LogLevel.Error, Message = "The audit log {Path} was not as a server has left it ({What}: {Count}): mfn audit verify tells more")]
    [LogMeaning("Somebody or something has changed the audit log while no server wrote it.")]
    private partial void LogOddOpening(string path, string what, long count);

    [LoggerMessage(EventId = 1502, EventName = "AuditFileBegun", Level = LogLevel.Information, Message = "Another file of the audit log begins with event {Number}; the line before has the hash {Hash}")]
    [LogMeaning("A file of the audit log was full, or a day has begun.")]
    private partial void LogAnother(long number, string hash);

    [LoggerMessage(EventId = 1503, EventName = "AuditLogClosed", Level = LogLevel.Information, Message = "The audit log ends with event {Number}, whose line has the hash {Hash}")]
    [LogMeaning("The server has ended, and knows of no more events.")]
    private partial void LogClosed(long number, string hash);

    [LoggerMessage(EventId = 1504, EventName = "AuditLogFailed", Level = LogLevel.Critical, Message = "The audit log cannot be written, and {Consequence}: {Reason}")]
    [LogMeaning("Events cannot be written. Look at the disk at once: calls are refused, or are not recorded.")]
    private partial void LogFailed(string reason, string consequence);

    [LoggerMessage(EventId = 1505, EventName = "AuditLogResumed", Level = LogLevel.Warning, Message = "The audit log can be written again, as it could not since {Since}; {LostCount} events are lost")]
    [LogMeaning("Events are written again; lost ones are counted in the audit log too.")]
    private partial void LogResumed(DateTimeOffset since, long lostCount);

    [LoggerMessage(EventId = 1506, EventName = "AuditEventsUnwritten", Level = LogLevel.Critical, Message = "The server ends and could not write {Count} events of its audit log")]
    [LogMeaning("Events were lost with the process.")]
    private partial void LogUnwritten(int count);

    [LoggerMessage(EventId = 1507, EventName = "AuditLogBroken", Level = LogLevel.Critical, Message = "The audit log is not written any more")]
    [LogMeaning("A fault of the server: it must be started again to write events. Please report it, with the exception.")]
    private partial void LogBroken(Exception error);
}
