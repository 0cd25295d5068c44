using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Grpc.Core;
using Mfn.Server.Logging;

namespace Mfn.Server.Observability;

/// <summary>
/// Sends what an exporter makes. What the collector cannot take now waits on disk, if there is a place for it, and everything newer behind it, so that the exporter waits
/// for a collector that is away once and not each time; a task of its own sends it when the collector is there again.
/// </summary>
/// <param name="collector">Sends a request to the collector.</param>
/// <param name="spool">Where requests wait; null for nowhere.</param>
/// <param name="counts">What is counted.</param>
/// <param name="signal">Whose requests these are.</param>
/// <param name="isGrpc">Whether they are calls of gRPC.</param>
/// <param name="clock">Says when to try again.</param>
/// <param name="logger">Where it is told that the collector is away, and that it is there again.</param>
internal sealed partial class CollectorTransport(
    HttpClient collector, ExportSpool? spool, ExportCounts counts, string signal, bool isGrpc, TimeProvider clock, ILogger logger) : HttpMessageHandler
{
    private const string StatusHeader = "grpc-status";
    private const string GrpcContent = "application/grpc";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();

    [SuppressMessage("Usage", "CA2213", Justification = "The task that waits for it ends after this has been disposed of; it holds nothing.")]
    private readonly SemaphoreSlim _waiting = new(0, 1);
    private HttpRequestMessage? _form;
    private Task? _draining;
    private bool _isDisposed;

    private enum Outcome
    {
        Taken,
        Refused,
        Away,
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        request.Content!.CopyTo(content, null, cancellationToken);
        var body = content.ToArray();
        if (KeepBehindOthers(request, body) is { } kept)
        {
            return kept;
        }

        using var copy = Copy(_form!, body);
        try
        {
            return Take(collector.Send(copy, cancellationToken), body);
        }
        catch (Exception error) when (IsAway(error) && !cancellationToken.IsCancellationRequested)
        {
            return Keep(body, error.GetBaseException().Message);
        }
    }

    // HTTP/2 cannot be had otherwise.
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        if (KeepBehindOthers(request, body) is { } kept)
        {
            return kept;
        }

        using var copy = Copy(_form!, body);
        try
        {
            return Take(await collector.SendAsync(copy, cancellationToken), body);
        }
        catch (Exception error) when (IsAway(error) && !cancellationToken.IsCancellationRequested)
        {
            return Keep(body, error.GetBaseException().Message);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _ending.Cancel();
            _ending.Dispose();
            collector.Dispose();
            _form?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>What a request is answered that waits behind others; null if none waits, so that it is sent.</summary>
    private HttpResponseMessage? KeepBehindOthers(HttpRequestMessage request, byte[] body)
    {
        _form ??= FormOf(request);
        if (spool is null)
        {
            return null;
        }

        // Of an earlier server there may be some from the beginning.
        BeginDraining();
        return spool.IsEmpty ? null : Keep(body);
    }

    private HttpResponseMessage Take(HttpResponseMessage answer, byte[] body)
    {
        switch (OutcomeOf(answer))
        {
            case Outcome.Taken:
                counts.Deliver(counts.Exporting);
                return answer;
            case Outcome.Away when spool is not null:
                using (answer)
                {
                    return Keep(body, Tell(answer));
                }

            default:
                return answer;
        }
    }

    private HttpResponseMessage Keep(byte[] body, string reason)
    {
        if (spool is null)
        {
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }

        LogAway(signal, reason);
        return Keep(body);
    }

    private HttpResponseMessage Keep(byte[] body)
    {
        if (!spool!.TryAdd(body, counts.Exporting))
        {
            return new HttpResponseMessage(HttpStatusCode.InsufficientStorage);
        }

        if (_waiting.CurrentCount == 0)
        {
            _waiting.Release();
        }

        var kept = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(isGrpc ? new byte[5] : []) };
        if (isGrpc)
        {
            kept.Content.Headers.ContentType = new(GrpcContent);
            kept.TrailingHeaders.Add(StatusHeader, "0");
        }

        return kept;
    }

    // Only the exporter's thread gets here.
    private void BeginDraining()
    {
        var ended = _ending.Token;
        _draining ??= Task.Run(() => DrainAsync(ended), ended);
    }

    private async Task DrainAsync(CancellationToken ended)
    {
        try
        {
            while (true)
            {
                await DrainOnceAsync(ended);
                await _waiting.WaitAsync(ended);
            }
        }
        catch (Exception error) when (ended.IsCancellationRequested && error is OperationCanceledException or ObjectDisposedException)
        {
            // What is left waits for the next server.
        }
    }

    private async Task DrainOnceAsync(CancellationToken ended)
    {
        var (pause, sent) = (FirstPause, 0L);
        while (spool!.Peek() is var (body, count, key))
        {
            using var request = Copy(_form!, body);
            HttpResponseMessage? received = null;
            try
            {
                received = await collector.SendAsync(request, ended);
            }
            catch (Exception error) when (IsAway(error) && !ended.IsCancellationRequested)
            {
                // As if it had answered nothing.
            }

            using var answer = received;
            switch (answer is null ? Outcome.Away : OutcomeOf(answer))
            {
                case Outcome.Away:
                    await Task.Delay(pause, clock, ended);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    continue;
                case Outcome.Taken when spool.Remove(key):
                    counts.Deliver(count);
                    sent += count;
                    break;
                case Outcome.Refused when spool.Remove(key):
                    counts.Lose(count);
                    break;
            }

            pause = FirstPause;
        }

        if (sent > 0)
        {
            LogBack(signal, sent, counts.LostCount);
        }
    }

    private static bool IsAway(Exception error) => error is HttpRequestException or IOException or OperationCanceledException;

    private Outcome OutcomeOf(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            return answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                ? Outcome.Away
                : Outcome.Refused;
        }

        return !isGrpc ? Outcome.Taken : StatusOf(answer) switch
        {
            StatusCode.OK => Outcome.Taken,

            // Those of which the protocol says that the same may be sent again.
            StatusCode.Cancelled or StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted or StatusCode.Aborted or StatusCode.OutOfRange or StatusCode.Unavailable or StatusCode.DataLoss or null => Outcome.Away,
            _ => Outcome.Refused,
        };
    }

    private static StatusCode? StatusOf(HttpResponseMessage answer) =>
        (answer.TrailingHeaders.TryGetValues(StatusHeader, out var values) || answer.Headers.TryGetValues(StatusHeader, out values))
        && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? (StatusCode)status
            : null;

    private string Tell(HttpResponseMessage answer) => isGrpc && answer.IsSuccessStatusCode
        ? StatusOf(answer)?.ToString() ?? "no status"
        : string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)answer.StatusCode}");

    private static HttpRequestMessage FormOf(HttpRequestMessage request)
    {
        using var content = new ByteArrayContent([]);
        foreach (var (name, values) in request.Content!.Headers.NonValidated)
        {
            content.Headers.TryAddWithoutValidation(name, values);
        }

        return CopyHeaders(request, content);
    }

    private static HttpRequestMessage Copy(HttpRequestMessage form, byte[] body)
    {
        var content = new ByteArrayContent(body);
        foreach (var (name, values) in form.Content!.Headers.NonValidated.Where(header => !header.Key.Equals("content-length", StringComparison.OrdinalIgnoreCase)))
        {
            content.Headers.TryAddWithoutValidation(name, values);
        }

        return CopyHeaders(form, content);
    }

    private static HttpRequestMessage CopyHeaders(HttpRequestMessage request, HttpContent content)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy, Content = content };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        return copy;
    }

    [LoggerMessage(EventId = 1612, EventName = "CollectorAway", Level = LogLevel.Warning, Message = "The collector does not take {Signal}, which wait on disk: {Reason}")]
    [LogMeaning("The collector could not be reached, or answered that it takes nothing now. Calls go on; what is to be sent waits in `Telemetry:Directory`, within `Telemetry:MaxWaitingBytes`.")]
    private partial void LogAway(string signal, string reason);

    [LoggerMessage(EventId = 1613, EventName = "CollectorBack", Level = LogLevel.Information, Message = "The collector takes {Signal} again: {Count} that had waited were sent; {LostCount} have been lost since the server's start")]
    [LogMeaning("All that had waited on disk has been sent.")]
    private partial void LogBack(string signal, long count, long lostCount);
}
