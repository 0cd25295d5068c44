using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Microsoft.AspNetCore.Http.Features;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>
/// One call that came by HTTP: to the rest of the server a call of gRPC, whose message is made of the path, the query and the body. What becomes of its answers say those who inherit.
/// </summary>
internal abstract class WebCall : IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpResetFeature, IRequestBodyPipeFeature
{
    private const string Grpc = "application/grpc";
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";
    private const string TimeoutHeader = "grpc-timeout";
    private const string RequestTimeoutHeader = "Request-Timeout";

    private const string OkStatus = "0";

    private static readonly RichStatus Ok = new();

    private readonly HttpContext _context;
    private readonly HttpRule _rule;
    private readonly IReadOnlyList<string> _pathValues;
    private readonly RestServices _services;
    private readonly int _limit;
    private readonly MemoryAccount _account;
    private readonly ServerMetrics _metrics;
    private readonly PipeReader _body;
    private readonly IHttpResponseBodyFeature _response;
    private readonly IAsyncEnumerator<IMessage>? _messages;
    private int? _refusedAs;

    protected WebCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services)
    {
        _context = context;
        _rule = rule;
        _pathValues = pathValues;
        _services = services;
        _limit = services.Limits.CurrentValue.MaxRequestBytes;
        _account = services.Memory;
        _metrics = services.Metrics;
        _body = context.Request.BodyReader;
        _response = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _messages = rule.IsUpload ? ReadUploadAsync() : null;
        Reader = new RestRequestBody(ReadAsync, isOne: !rule.IsUpload);
    }

    public PipeReader Reader { get; }

    public abstract PipeWriter Writer { get; }

    public Stream Stream => Writer.AsStream();

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    /// <summary>The request and its answer.</summary>
    protected HttpContext Context => _context;

    /// <summary>What is called.</summary>
    protected HttpRule Rule => _rule;

    /// <summary>The most bytes that a body and its message may have.</summary>
    protected int Limit => _limit;

    /// <summary>The answer's own body.</summary>
    protected IHttpResponseBodyFeature Response => _response;

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task CompleteAsync() => Task.CompletedTask;

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Reset(int errorCode)
    {
        // So the library ends a call whose deadline has passed, which is answered all the same. Without this feature it would abort the connection.
    }

    public void DisableBuffering()
    {
        // What the status of HTTP is to be is known at the end alone.
    }

    /// <summary>Makes the call; returns false if it could not be made, which is answered already.</summary>
    protected async Task<bool> TryCallAsync(CallPipeline calls)
    {
        var request = _context.Request;
        if (!TryTakeTimeout(request.Headers, out var refusal))
        {
            await RefuseAsync(StatusCodes.Status400BadRequest, refusal.ToStatus());
            return false;
        }

        request.Method = HttpMethods.Post;
        request.Protocol = HttpProtocol.Http2;
        request.Path = _rule.GrpcPath;
        request.ContentType = Grpc;
        request.Headers.Remove("grpc-accept-encoding");
        request.Headers.Remove("grpc-encoding");
        var features = _context.Features;
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpResponseTrailersFeature>(this);
        features.Set<IHttpResetFeature>(this);
        features.Set<IRequestBodyPipeFeature>(this);
        try
        {
            _services.Endpoints.Choose(_context, _rule);
            await calls.InvokeAsync(_context);
            _services.Endpoints.Note(_context, _rule);
            RateHeaders.Tell(_context);
        }
        finally
        {
            features.Set(_response);
        }

        return true;
    }

    /// <summary>Says why a call came to nothing, as long as nothing has been answered.</summary>
    protected Task RefuseAsync(RichStatus status) => RefuseAsync(_refusedAs ?? HttpStatus.Of((StatusCode)status.Code), status);

    /// <inheritdoc cref="RefuseAsync(RichStatus)"/>
    protected virtual Task RefuseAsync(int httpStatus, RichStatus status) => RestAnswer.RefuseAsync(_context, httpStatus, status);

    /// <summary>Makes the message of the request.</summary>
    /// <param name="body">The whole body.</param>
    /// <exception cref="CallRefusedException">Something is wrong with it.</exception>
    protected virtual IMessage ReadMessage(ReadOnlySequence<byte> body)
    {
        var problems = new RequestProblems();
        var message = ReadAddress(problems);
        if (_rule.HasBody)
        {
            JsonMessage.Read(body, message, _rule.Path.Fields, problems);
        }
        else if (!body.IsEmpty)
        {
            throw CallRefusedException.Unreadable($"{_rule.Verb} takes no body here; fields go into the query.");
        }

        problems.ThrowIfAny();
        return message;
    }

    /// <summary>Takes memory for an answer while it is written.</summary>
    protected MemoryReservation OpenAnswer() => _account.Open(MemoryUse.Answers, MemoryHolder.Of(_context));

    private static bool TryTakeTimeout(IHeaderDictionary headers, out CallRefusedException refusal)
    {
        // In seconds, as drafts of the header had it; gRPC's own stays, if there is one.
        const double MostSeconds = 99_999_999;
        refusal = null!;
        if (headers[RequestTimeoutHeader] is not { Count: > 0 } given)
        {
            return true;
        }

        if (!double.TryParse(given.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (> 0 and <= MostSeconds))
        {
            refusal = CallRefusedException.Unreadable(
                $"{RequestTimeoutHeader} must be seconds, more than 0 and at most {MostSeconds:F0}, but was {Texts.CallersText.Quote(given.ToString())}.");
            return false;
        }

        headers[TimeoutHeader] = seconds < MostSeconds / 1000
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds * 1000):F0}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):F0}S");
        return true;
    }

    private async ValueTask<IMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _messages is null ? await ReadMessageAsync(cancellationToken) : await _messages.MoveNextAsync() ? _messages.Current : null;
        }
        catch (CallRefusedException refused)
        {
            refused.CountIn(_metrics);
            CallAudit.NoteReason(_context, refused);
            throw refused.ToRpcException();
        }
    }

    private async IAsyncEnumerator<IMessage> ReadUploadAsync()
    {
        var cancellationToken = _context.RequestAborted;
        var problems = new RequestProblems();
        var first = ReadAddress(problems);
        problems.ThrowIfAny();
        await foreach (var message in Uploads.ReadAsync(first, _body, _limit, cancellationToken))
        {
            yield return message;
        }
    }

    /// <summary>What path and query say.</summary>
    private IMessage ReadAddress(RequestProblems problems)
    {
        var message = _rule.Method.InputType.Parser.ParseFrom(ByteString.Empty);
        QueryMessage.ReadPath(_rule, _pathValues, message, problems);
        QueryMessage.Read(_rule, _context.Request.Query, message, problems);
        QueryMessage.ReadLastEventId(_context.Request.Headers, message, problems);
        return message;
    }

    private async Task<IMessage> ReadMessageAsync(CancellationToken cancellationToken)
    {
        if (_context.Request.ContentLength > _limit)
        {
            throw TooLarge();
        }

        using var memory = _account.Open(MemoryUse.Requests, MemoryHolder.Of(_context));
        var read = await ReadBodyAsync(memory, cancellationToken);
        try
        {
            var message = ReadMessage(BodyEncoding.Expand(_context.Request, read.Buffer, _limit, memory) ?? throw TooLarge());
            return message.CalculateSize() <= _limit ? message : throw TooLarge();
        }
        finally
        {
            _body.AdvanceTo(read.Buffer.End);
        }
    }

    private async Task<ReadResult> ReadBodyAsync(MemoryReservation memory, CancellationToken cancellationToken)
    {
        UploadPace? pace = null;
        for (var received = 0L; ;)
        {
            var reading = _body.ReadAsync(cancellationToken);
            var read = reading.IsCompletedSuccessfully
                ? await reading
                : await WaitAsync(reading.AsTask(), pace ??= new UploadPace(_services.Streaming.CurrentValue, _services.Clock));
            if (read.Buffer.Length > _limit)
            {
                _body.AdvanceTo(read.Buffer.End);
                throw TooLarge();
            }

            try
            {
                // What each call takes of itself has room for a small one.
                memory.Resize(read.Buffer.Length > CallMemory.BytesPerCall / 4 ? read.Buffer.Length : 0);
            }
            catch (CallRefusedException)
            {
                // The connection could not be used again in the midst of a read.
                _body.AdvanceTo(read.Buffer.End);
                throw;
            }

            if (read.IsCompleted)
            {
                return read;
            }

            pace?.Receive(read.Buffer.Length - received);
            received = read.Buffer.Length;
            _body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Waits for the next part of the body as long as its client keeps up.</summary>
    private async Task<ReadResult> WaitAsync(Task<ReadResult> reading, UploadPace pace)
    {
        try
        {
            if (await pace.KeepsUpAsync(reading))
            {
                return await reading;
            }

            _body.CancelPendingRead();
            _body.AdvanceTo((await reading).Buffer.End);
        }
        catch (BadHttpRequestException error) when (error.StatusCode != StatusCodes.Status408RequestTimeout)
        {
            throw CallRefusedException.Unreadable($"The body cannot be read: {error.Message}");
        }
        catch (BadHttpRequestException)
        {
            // Hardly anything came, which Kestrel does not let pass for long.
        }

        _refusedAs = StatusCodes.Status408RequestTimeout;
        _context.Response.Headers.Connection = "close";
        throw pace.Refuse();
    }

    /// <summary>The request is larger than any may be.</summary>
    protected CallRefusedException TooLarge()
    {
        _refusedAs = StatusCodes.Status413PayloadTooLarge;
        return CallRefusedException.MessageTooLarge(_limit);
    }

    /// <summary>The status of the call, which no client of HTTP looks for.</summary>
    protected RichStatus TakeStatus()
    {
        var headers = _context.Response.Headers;
        if (Trailers.TryGetValue(StatusHeader, out var ended) && ended == OkStatus)
        {
            TakeGrpcHeaders();
            return Ok;
        }

        var from = ended.Count > 0 ? Trailers : headers;
        var code = int.TryParse(from[StatusHeader].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int)StatusCode.Unknown;
        var status = from[DetailsHeader].ToString() is { Length: > 0 } details
            ? RichStatus.Parser.ParseFrom(Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '=')))
            : new RichStatus { Code = code, Message = Uri.UnescapeDataString(from[MessageHeader].ToString()) };
        TakeGrpcHeaders();
        return status;
    }

    /// <summary>Takes out of the headers what is gRPC's.</summary>
    protected void TakeGrpcHeaders()
    {
        if (_context.Response.HasStarted)
        {
            return;
        }

        var headers = _context.Response.Headers;
        List<string>? names = null;
        foreach (var (name, _) in headers)
        {
            if (name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase))
            {
                (names ??= []).Add(name);
            }
        }

        // Mostly there are none.
        names?.ForEach(name => headers.Remove(name));
    }
}
