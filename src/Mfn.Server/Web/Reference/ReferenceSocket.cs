using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Texts;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web.Reference;

/// <summary>
/// A WebSocket by the protocol of the later versions of the reference: objects of JSON with a type and a payload. Its client shows a key, subscribes, and gets the messages
/// of simulations, each of which is a call like any other.
/// </summary>
/// <param name="handshake">The handshake.</param>
/// <param name="path">Its path, which decides what is streamed.</param>
/// <param name="services">What all sockets share.</param>
/// <param name="options">How often a client must give a sign of life.</param>
internal sealed class ReferenceSocket(HttpContext handshake, string path, SocketServices services, WebOptions options) : IDisposable
{
    /// <summary>The messages of streams that wait for a client, at most.</summary>
    public const int QueueLength = 1000;

    private const int MaxMessageBytes = 16 * 1024;
    private const int MaxStreams = 16;
    private const int MaxIdLength = 64;
    private const string ProtocolVersion = "1.0";
    // What went wrong, as the reference has it, and as far as it does.
    private const string AuthFailed = "AUTH_FAILED";
    private const string AuthError = "AUTH_ERROR";
    private const string InitFailed = "INIT_FAILED";
    private const string InvalidMessage = "INVALID_MESSAGE";
    private const string NotAuthenticated = "NOT_AUTHENTICATED";
    private const string ServerStopping = "SERVER_STOPPING";
    private const string StreamError = "STREAM_ERROR";
    private const string SubscribeError = "SUBSCRIBE_ERROR";
    private const string SubscribeFailed = "SUBSCRIBE_FAILED";
    private const string Timeout = "TIMEOUT";

    private const string AnyStream = "stream_features or simulation_live";

    // Below it a time is in seconds.
    private const double LeastMilliseconds = 1e12;

    private static readonly TimeSpan LargestClockSkew = TimeSpan.FromMinutes(5);
    private static readonly HttpRule Stream = RuleOf(SimulationServiceReflection.Descriptor, "StreamSimulation");
    private static readonly HttpRule LookUp = RuleOf(FeatureServiceReflection.Descriptor, "DescribeFeatures");

    private readonly OutgoingQueue _queue = new(QueueLength);
    private readonly Dictionary<string, Subscriber> _streams = [];
    private readonly TaskCompletionSource<(WebSocketCloseStatus Code, CallRefusedException? Refusal)> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ForeignPage? _page = handshake.Features.Get<ForeignPage>();
    private readonly bool _hasCredential = SocketCredential.IsIn(handshake.Request.Headers);
    private SocketCredential? _credential;
    private long _lastPong;

    /// <summary>Serves it to its end.</summary>
    public async Task ServeAsync()
    {
        using var socket = await ClientSocket.AcceptAsync(handshake, subprotocol: null, services.Streaming.CurrentValue);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(socket.Gone, handshake.RequestAborted);
        await using var stopping = services.Lifetime.Draining.Register(() => _end.TrySetResult((CloseCode.Stopping, CallRefusedException.Stopping())));
        _credential = _hasCredential ? SocketCredential.None : null;
        _lastPong = services.Clock.GetTimestamp();
        var receiving = ReceiveAsync(socket, ended.Token);
        Task[] others = [SendQueuedAsync(socket, ended.Token), BeatAsync(socket, ended.Token), WaitForKeyAsync(ended.Token)];
        var (code, refusal) = await _end.Task;
        await ended.CancelAsync();
        await Task.WhenAll([.. others, .. StopAll()]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ReadOnlyMemory<byte>? last = refusal is null ? default(ReadOnlyMemory<byte>?) : Message("error", null, writer => WriteFailure(writer, code == CloseCode.Stopping ? ServerStopping : Timeout, refusal.Message));
        await socket.CloseAsync(code, refusal is null ? "" : $"{CallStatus.NameOf(refusal.StatusCode)}: {refusal.Message}", last, receiving);
    }

    public void Dispose() => _sending.Dispose();

    private ReadOnlyMemory<byte> Message(string type, string? streamId, Action<Utf8JsonWriter> writePayload)
    {
        var now = services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json);
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        if (streamId is not null)
        {
            writer.WriteString("stream_id"u8, streamId);
        }

        writer.WriteNumber("timestamp"u8, now);
        writer.WriteStartObject("payload"u8);
        if (streamId is not null)
        {
            writer.WriteString("stream_id"u8, streamId);
        }

        writePayload(writer);
        if (streamId is not null)
        {
            writer.WriteNumber("timestamp"u8, now);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenMemory;
    }

    private static void WriteFailure(Utf8JsonWriter writer, string failure, string message)
    {
        writer.WriteString("error_code"u8, failure);
        writer.WriteString("message"u8, message);
    }

    private async Task SendAsync(ClientSocket socket, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            var sending = socket.SendAsync(json, WebSocketMessageType.Text, cancellationToken);
            if (!sending.IsCompletedSuccessfully)
            {
                await sending.AsTask().WaitAsync(services.Streaming.CurrentValue.WriteTimeout, services.Clock, cancellationToken);
            }
        }
        catch (Exception error) when (error is TimeoutException or WebSocketException or IOException or ObjectDisposedException)
        {
            // It takes nothing, or is no longer there.
            socket.Abort();
        }
        finally
        {
            _sending.Release();
        }
    }

    private Task SendAsync(ClientSocket socket, string type, string? streamId, CancellationToken cancellationToken) => SendAsync(socket, Message(type, streamId, _ => { }), cancellationToken);

    private Task FailAsync(ClientSocket socket, string type, string? streamId, string failure, string message, CancellationToken cancellationToken) =>
        SendAsync(socket, Message(type, streamId, writer => WriteFailure(writer, failure, message)), cancellationToken);

    private async Task SendQueuedAsync(ClientSocket socket, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await SendAsync(socket, await _queue.TakeAsync(cancellationToken), cancellationToken);
        }
    }

    private async Task BeatAsync(ClientSocket socket, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.HeartbeatInterval, services.Clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (services.Clock.GetElapsedTime(Volatile.Read(ref _lastPong)) >= 2 * options.HeartbeatInterval)
            {
                _end.TrySetResult((CloseCode.Of(StatusCode.DeadlineExceeded), CallRefusedException.Silent(2 * options.HeartbeatInterval)));
                return;
            }

            await SendAsync(socket, "heartbeat", null, cancellationToken);
        }
    }

    /// <summary>Where the server asks who calls, nobody stays who does not say.</summary>
    private async Task WaitForKeyAsync(CancellationToken cancellationToken)
    {
        if (services.Access.HasAuthentication && !_hasCredential)
        {
            await Task.Delay(SocketCredential.Time, services.Clock, cancellationToken);
            if (Volatile.Read(ref _credential) is null)
            {
                _end.TrySetResult((CloseCode.Of(StatusCode.Unauthenticated), SocketCredential.Missing("A message of the type auth")));
            }
        }
    }

    private async Task ReceiveAsync(ClientSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            while (await socket.ReceiveAsync(MaxMessageBytes) is { } text)
            {
                if (_end.Task.IsCompleted)
                {
                    // What comes before the client has seen that it is over.
                    continue;
                }

                if (!await HandleAsync(socket, text, cancellationToken))
                {
                    _end.TrySetResult((WebSocketCloseStatus.NormalClosure, null));
                    await socket.DrainAsync();
                    return;
                }
            }
        }
        catch (SocketRefusedException refused)
        {
            _end.TrySetResult((refused.Code, refused.Refusal));
            await socket.DrainAsync();
        }
        catch (OperationCanceledException)
        {
            await socket.DrainAsync();
        }
        finally
        {
            _end.TrySetResult((WebSocketCloseStatus.NormalClosure, null));
        }
    }

    /// <summary>Does what a message asks for; returns false for the last one.</summary>
    private async Task<bool> HandleAsync(ClientSocket socket, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            await FailAsync(socket, "error", null, InvalidMessage, $"The message cannot be read as JSON: {JsonFault.Tell(error)}", cancellationToken);
            return true;
        }

        using (json)
        {
            var message = json.RootElement;
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
            {
                await FailAsync(socket, "error", null, InvalidMessage, "The message must be an object with a type and a payload.", cancellationToken);
                return true;
            }

            message.TryGetProperty("payload", out var payload);
            switch (type.GetString())
            {
                case "init":
                    await InitAsync(socket, payload, cancellationToken);
                    break;
                case "auth":
                    await AuthenticateAsync(socket, payload, cancellationToken);
                    break;
                case "subscribe":
                    await SubscribeAsync(socket, payload, cancellationToken);
                    break;
                case "unsubscribe":
                    await UnsubscribeAsync(socket, payload, cancellationToken);
                    break;
                case "pong":
                    Volatile.Write(ref _lastPong, services.Clock.GetTimestamp());
                    break;
                case "close":
                    return false;
            }

            return true;
        }
    }

    private Task InitAsync(ClientSocket socket, JsonElement payload, CancellationToken cancellationToken) => TextOf(payload, "protocol_version") == ProtocolVersion
        ? SendAsync(socket, Message("init", null, writer => writer.WriteString("protocol_version"u8, ProtocolVersion)), cancellationToken)
        : FailAsync(socket, "error", null, InitFailed, $"protocol_version must be {ProtocolVersion}.", cancellationToken);

    private async Task AuthenticateAsync(ClientSocket socket, JsonElement payload, CancellationToken cancellationToken)
    {
        if (TextOf(payload, "api_key") is not { } key || !payload.TryGetProperty("timestamp", out var time) || time.ValueKind != JsonValueKind.Number)
        {
            await FailAsync(socket, "auth_failed", null, AuthError, "The payload must have api_key, a text, and timestamp, a number.", cancellationToken);
        }
        else if (_hasCredential && key.Length > 0)
        {
            await FailAsync(socket, "auth_failed", null, AuthError, "The handshake has a credential already: api_key must be empty.", cancellationToken);
        }
        else if (!IsNow(time.GetDouble()))
        {
            await FailAsync(socket, "auth_failed", null, AuthFailed, $"timestamp must be within {LargestClockSkew.TotalMinutes} minutes of the server's clock.", cancellationToken);
        }
        else if (key.Length == 0 && !_hasCredential && _page is { HasCertificate: true })
        {
            await FailAsync(socket, "auth_failed", null, AuthFailed, BrowserGuard.CertificateAlone(CallersText.Quote(_page.Origin)), cancellationToken);
        }
        else
        {
            var credential = key.Length == 0 || key.Any(char.IsControl) ? SocketCredential.None : SocketCredential.OfKey(key);
            await AuthenticateAsync(socket, credential, cancellationToken);
        }
    }

    /// <summary>Whether somebody is known is found out by a call that costs nothing, and that everybody may make: so it is limited, counted and noted as all are.</summary>
    private async Task AuthenticateAsync(ClientSocket socket, SocketCredential credential, CancellationToken cancellationToken)
    {
        var status = await CallAsync(credential, LookUp, new DescribeFeaturesRequest(), (_, _) => ValueTask.CompletedTask, cancellationToken);
        if (status.Code == (int)StatusCode.OK)
        {
            Volatile.Write(ref _credential, credential);
            await SendAsync(socket, "auth_success", null, cancellationToken);
        }
        else
        {
            var failure = status.Code == (int)StatusCode.Unauthenticated ? AuthFailed : AuthError;
            await FailAsync(socket, "auth_failed", null, failure, status.Message, cancellationToken);
        }
    }

    private bool IsNow(double time)
    {
        var milliseconds = time < LeastMilliseconds ? time * 1000 : time;
        return Math.Abs(services.Clock.GetUtcNow().ToUnixTimeMilliseconds() - milliseconds) <= LargestClockSkew.TotalMilliseconds;
    }

    private async Task SubscribeAsync(ClientSocket socket, JsonElement payload, CancellationToken cancellationToken)
    {
        var id = TextOf(payload, "stream_id");
        if (Volatile.Read(ref _credential) is not { } credential)
        {
            await RefuseAsync(NotAuthenticated, "A message of the type auth must come before.");
        }
        else if (id is not { Length: > 0 and <= MaxIdLength })
        {
            id = null;
            await RefuseAsync(SubscribeError, $"stream_id must be a text of 1 to {MaxIdLength} characters.");
        }
        else if (TextOf(payload, "stream_type") is not ("stream_features" or "simulation_live"))
        {
            await RefuseAsync(SubscribeError, $"stream_type must be {AnyStream}.");
        }
        else if (Begin(id, credential, payload, socket, cancellationToken) is { } problem)
        {
            await RefuseAsync(SubscribeFailed, problem);
        }

        Task RefuseAsync(string failure, string message) => FailAsync(socket, "subscribe_failed", id is { Length: <= MaxIdLength } ? id : null, failure, message, cancellationToken);
    }

    /// <summary>Begins a stream; returns why not, if it does not.</summary>
    private string? Begin(string id, SocketCredential credential, JsonElement payload, ClientSocket socket, CancellationToken cancellationToken)
    {
        ReferenceStream stream;
        try
        {
            payload.TryGetProperty("params", out var parameters);

            // Between two messages the simulation waits, for no longer than any client may.
            stream = ReferenceStream.Read(path, parameters, services.Rest.Limits.CurrentValue.MaxSteps, services.Streaming.CurrentValue.WriteTimeout / 2);
        }
        catch (CallRefusedException refused)
        {
            return refused.Message;
        }

        lock (_streams)
        {
            if (_streams.ContainsKey(id))
            {
                return $"A stream {CallersText.Quote(id)} is under way.";
            }

            if (_streams.Count == MaxStreams)
            {
                return $"A connection may have {MaxStreams} streams at once.";
            }

            var subscriber = new Subscriber(id, stream, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
            _streams.Add(id, subscriber);
            subscriber.Running = Task.Run(() => RunAsync(subscriber, credential, socket), CancellationToken.None);
        }

        return null;
    }

    private async Task UnsubscribeAsync(ClientSocket socket, JsonElement payload, CancellationToken cancellationToken)
    {
        if (TextOf(payload, "stream_id") is not { Length: > 0 and <= MaxIdLength } id)
        {
            await FailAsync(socket, "error", null, InvalidMessage, $"stream_id must be a text of 1 to {MaxIdLength} characters.", cancellationToken);
            return;
        }

        Subscriber? subscriber;
        lock (_streams)
        {
            _streams.TryGetValue(id, out subscriber);
        }

        if (subscriber is not null)
        {
            await subscriber.StopAsync();
            _queue.Clear(subscriber);
        }

        await SendAsync(socket, "unsubscribe", id, cancellationToken);
    }

    private Task[] StopAll()
    {
        lock (_streams)
        {
            return [.. _streams.Values.Select(subscriber => subscriber.StopAsync())];
        }
    }

    private async Task RunAsync(Subscriber subscriber, SocketCredential credential, ClientSocket socket)
    {
        var ended = subscriber.Ended;
        try
        {
            var status = await CallAsync(credential, Stream, subscriber.Stream.Request, TakeAllAsync, ended);
            if (ended.IsCancellationRequested)
            {
                return;
            }

            if (!subscriber.HasBegun)
            {
                await FailAsync(socket, "subscribe_failed", subscriber.Id, SubscribeFailed, status.Message, ended);
            }
            else if ((status.Code == (int)StatusCode.OK ? subscriber.Stream.EndProblem : status.Message) is { } problem)
            {
                var message = Message("error", subscriber.Id, writer => WriteFailure(writer, StreamError, problem));
                _queue.Add(subscriber, message, subscriber.Stream.Mode, mustStay: true);
            }
        }
        finally
        {
            lock (_streams)
            {
                _streams.Remove(subscriber.Id);
            }

            subscriber.Dispose();
        }

        async ValueTask TakeAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
            {
                await TakeAsync(message, cancellationToken);
            }
        }

        async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            if (!subscriber.HasBegun)
            {
                subscriber.Begin(services.Clock);
                await SendAsync(socket, "subscribe_success", subscriber.Id, cancellationToken);
            }

            if (subscriber.UntilNext(services.Clock) is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, services.Clock, cancellationToken);
            }

            var message = StreamSimulationResponse.Parser.ParseFrom(bytes.Span);
            if (subscriber.Stream.TypeOf(message) is { } type)
            {
                var json = Message(type, subscriber.Id, writer => subscriber.Stream.Write(writer, message));
                _queue.Add(subscriber, json, subscriber.Stream.Mode, mustStay: message.Summary is not null);
            }
        }
    }

    private async Task<RichStatus> CallAsync(SocketCredential credential, HttpRule rule, IMessage request, Func<IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, ValueTask> takeAsync, CancellationToken ended)
    {
        using var call = new SocketCall(SocketContext.Make(handshake, credential, QueryString.Empty), rule, [], services.Rest, request, takeAsync, ended);
        return await call.RunAsync(services.Rest.Calls);
    }

    private static HttpRule RuleOf(FileDescriptor file, string method) =>
        new(HttpMethods.Get, new PathTemplate(""), Body: "", file.Services[0].FindMethodByName(method));

    private static string? TextOf(JsonElement payload, string name) =>
        payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>One stream of a client.</summary>
    private sealed class Subscriber(string id, ReferenceStream stream, CancellationTokenSource cancellation) : IDisposable
    {
        private long _start;
        private long _count;

        public string Id => id;

        public ReferenceStream Stream => stream;

        public CancellationToken Ended { get; } = cancellation.Token;

        public Task Running { get; set; } = Task.CompletedTask;

        public bool HasBegun { get; private set; }

        public void Begin(TimeProvider clock)
        {
            HasBegun = true;
            _start = clock.GetTimestamp();
        }

        /// <summary>The time until the next message is due.</summary>
        public TimeSpan UntilNext(TimeProvider clock) => (_count++ * stream.Interval) - clock.GetElapsedTime(_start);

        public void Dispose() => cancellation.Dispose();

        public async Task StopAsync()
        {
            try
            {
                await cancellation.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended of itself.
            }

            await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
