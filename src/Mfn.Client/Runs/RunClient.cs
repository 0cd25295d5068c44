using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Client.Uploads;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>The runs that live on a server: <see cref="MfnClient.Runs"/>. Thread-safe.</summary>
public sealed class RunClient
{
    private const int ChunkLength = 64 * 1024;

    private readonly RunService.RunServiceClient _runs;
    private readonly Func<GrpcChannel> _connect;
    private readonly ApiKeys _keys;
    private readonly int _maxSendBytes;
    private readonly CancellationToken _closing;

    /// <param name="invoker">What is not uploaded goes through it.</param>
    /// <param name="connect">Makes a channel for one upload.</param>
    /// <param name="keys">What calls carry.</param>
    /// <param name="maxSendBytes">The largest message of an upload.</param>
    /// <param name="closing">Ends the uploads under way.</param>
    internal RunClient(CallInvoker invoker, Func<GrpcChannel> connect, ApiKeys keys, int maxSendBytes, CancellationToken closing) =>
        (_runs, _connect, _keys, _maxSendBytes, _closing) = (new RunService.RunServiceClient(invoker), connect, keys, maxSendBytes, closing);

    /// <summary>
    /// Starts a run. Initial fields that do not fit into a message (<see cref="MfnClientOptions.MaxSendBytes"/>) are sent in parts. It is not tried again
    /// by itself: when the connection breaks, the run may exist.
    /// </summary>
    public async Task<Run> CreateAsync(CreateRunRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.InitialFields is null || request.CalculateSize() <= _maxSendBytes)
        {
            return (await _runs.CreateRunAsync(request, cancellationToken: cancellationToken)).Run;
        }

        var start = request.Clone();
        Field?[] fields = [start.InitialFields.Potential, start.InitialFields.Activator, start.InitialFields.Inhibitor, .. start.InitialFields.Species];
        ByteString[] values = [.. fields.Where(field => field is not null).Select(field => field!.Values)];
        foreach (var field in fields)
        {
            field?.Values = ByteString.Empty;
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing);
        using var channel = _connect();
        using var call = new RunService.RunServiceClient(channel).CreateRunStream(cancellationToken: leaving.Token);
        var messages = values
            .SelectMany(each => FieldParts.Cut(each, _maxSendBytes))
            .Select(part => new CreateRunStreamRequest { Values = part })
            .Prepend(new CreateRunStreamRequest { Start = start });
        return (await FieldParts.SendAsync(call, messages, leaving)).Run;
    }

    /// <summary>Returns a run.</summary>
    public async Task<Run> GetAsync(string runId, CancellationToken cancellationToken = default) =>
        (await _runs.GetRunAsync(new GetRunRequest { RunId = runId }, cancellationToken: cancellationToken)).Run;

    /// <summary>Returns the run that has a name; null if none has.</summary>
    /// <exception cref="RpcException">The name is not one that a run may have (INVALID_ARGUMENT), or the call failed.</exception>
    public async Task<Run?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        (await _runs.ListRunsAsync(new ListRunsRequest { Name = name }, cancellationToken: cancellationToken)).Runs.FirstOrDefault();

    /// <summary>Returns the runs in a state, or all, the latest created first, page after page as they are enumerated.</summary>
    public async IAsyncEnumerable<Run> ListAsync(
        RunState state = RunState.Unspecified, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ListRunsRequest { State = state };
        do
        {
            var page = await _runs.ListRunsAsync(request, cancellationToken: cancellationToken);
            foreach (var run in page.Runs)
            {
                yield return run;
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    /// <summary>Has the server read a run's files, and returns what is damaged.</summary>
    public async Task<CheckRunResponse> CheckAsync(string runId, CancellationToken cancellationToken = default) =>
        await _runs.CheckRunAsync(new CheckRunRequest { RunId = runId }, cancellationToken: cancellationToken);

    /// <summary>Ends a run and returns it as it was. It is not tried again by itself: when the connection breaks, the run may be gone.</summary>
    public async Task<Run> DeleteAsync(string runId, CancellationToken cancellationToken = default) =>
        (await _runs.DeleteRunAsync(new DeleteRunRequest { RunId = runId }, cancellationToken: cancellationToken)).Run;

    /// <summary>Starts a run from a state of another. It is not tried again by itself: when the connection breaks, the run may exist.</summary>
    public async Task<Run> ForkAsync(ForkRunRequest request, CancellationToken cancellationToken = default) =>
        (await _runs.ForkRunAsync(request, cancellationToken: cancellationToken)).Run;

    /// <summary>
    /// Watches a run until its end. A stream that breaks, or that the server ends because this watcher was slow or the server stops, is resumed behind
    /// the scenes, so that every event comes once and in order, and frames that cannot be had are told by a <see cref="GapEvent"/>.
    /// </summary>
    /// <param name="request">What to watch, and where to begin.</param>
    /// <param name="options">How to hold on to the run; none for the defaults.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RpcException">The server refused, or stayed away for longer than the patience.</exception>
    /// <exception cref="InvalidDataException">What the server sent is not what the contract says, or the hash chain does not hold.</exception>
    public IAsyncEnumerable<WatchEvent> WatchAsync(
        WatchRunRequest request, WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new RunWatcher(_runs, _keys, request, options ?? new WatchOptions()).WatchAsync(cancellationToken);
    }

    /// <summary>Steers a run. The stream opens with the first command.</summary>
    public RunSteering Steer(string runId, ReconnectOptions? options = null) => new(_runs, _keys, runId, _maxSendBytes, options ?? new ReconnectOptions());

    /// <summary>Writes a run's state to a stream, as a checkpoint; returns its bytes.</summary>
    public async Task<long> ExportAsync(ExportRunRequest request, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var call = _runs.ExportRun(request, cancellationToken: cancellationToken);
        var length = 0L;
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            await destination.WriteAsync(response.Chunk.Memory, cancellationToken);
            length += response.Chunk.Length;
        }

        return length;
    }

    /// <summary>
    /// Starts a run from the rest of a stream, which is a checkpoint. It is not tried again by itself: when the connection breaks, the run may exist.
    /// </summary>
    public async Task<Run> ImportAsync(ImportRunStart start, Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing);
        await using var messages = new MessageSource<ImportRunRequest>(Messages(), leaving.Token);
        using var channel = _connect();
        using var call = new RunService.RunServiceClient(channel).ImportRun(cancellationToken: leaving.Token);
        await using var upload = new Upload<ImportRunRequest>(call.RequestStream, messages, leaving);
        return (await upload.ReadAsync(call.ResponseAsync)).Run;

        async IAsyncEnumerable<ImportRunRequest> Messages()
        {
            yield return new ImportRunRequest { Start = start };
            var buffer = new byte[ChunkLength];
            while (await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, leaving.Token) is var count and > 0)
            {
                yield return new ImportRunRequest { Chunk = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)) };
            }
        }
    }
}
