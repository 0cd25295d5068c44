using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Mfn.Client.Runs;
using Mfn.Client.Uploads;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>
/// A connection to an Mfn server. Thread-safe; share one. Every method throws <see cref="RpcException"/> when a call fails, whose details
/// <see cref="RpcExceptionExtensions"/> reads. A call that finds the server unavailable is made again, <see cref="MfnClientOptions.MaxTries"/> in all,
/// unless it may have changed something on the server, or may still be computed there.
/// </summary>
[SuppressMessage("Maintainability", "CA1506", Justification = "It has a method for each call of the contracts, and so their messages.")]
public sealed class MfnClient : IDisposable
{
    /// <summary>The name of the source of the spans of calls, for those who listen to it, such as OpenTelemetry's <c>AddSource</c>.</summary>
    public const string ActivitySourceName = "Mfn.Client";

    private readonly MfnClientOptions _options;
    private readonly ChannelFactory _channels;
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _closing = new();
    private readonly SimulationService.SimulationServiceClient _simulation;
    private readonly FeatureService.FeatureServiceClient _features;
    private readonly FractalService.FractalServiceClient _fractals;
    private readonly MembraneService.MembraneServiceClient _membrane;
    private readonly ValidationService.ValidationServiceClient _validation;
    private readonly AggregationService.AggregationServiceClient _aggregation;
    private int _isDisposed;

    /// <summary>A client that connects with its first call.</summary>
    /// <exception cref="ArgumentException">The address is neither http:// nor https://, there is a certificate without a key or the reverse, there are two kinds of key, a key would be sent in the clear, or an option is out of its range.</exception>
    /// <exception cref="IOException">A certificate file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file is not PEM.</exception>
    public MfnClient(MfnClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _channels = new ChannelFactory(options);
        _channel = _channels.Open();

        // The last is the first that a call meets: its span is of all tries.
        var invoker = _channel.Intercept(new RetryInterceptor(options, TimeProvider.System)).Intercept(new TracingInterceptor(options.Address));
        _simulation = new SimulationService.SimulationServiceClient(invoker);
        Runs = new RunClient(invoker, _channels.Open, _channels.Keys, options.MaxSendBytes, _closing.Token);
        _features = new FeatureService.FeatureServiceClient(invoker);
        _fractals = new FractalService.FractalServiceClient(invoker);
        _membrane = new MembraneService.MembraneServiceClient(invoker);
        _validation = new ValidationService.ValidationServiceClient(invoker);
        _aggregation = new AggregationService.AggregationServiceClient(invoker);
    }

    /// <summary>The runs that live on the server.</summary>
    public RunClient Runs { get; }

    /// <summary>Runs a simulation on the server and returns what came out.</summary>
    public async Task<SimulateResponse> SimulateAsync(SimulateRequest request, CancellationToken cancellationToken = default) =>
        await _simulation.SimulateAsync(request, cancellationToken: cancellationToken);

    /// <summary>
    /// Runs a simulation on the server and returns its frames, then its summary, as they come. The server computes no more than a few frames
    /// ahead of the reader, and stops when the enumeration does.
    /// </summary>
    public async IAsyncEnumerable<StreamSimulationResponse> StreamSimulationAsync(
        StreamSimulationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var call = _simulation.StreamSimulation(request, cancellationToken: cancellationToken);
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            yield return response;
        }
    }

    /// <summary>Tells what a simulation will do, without running it.</summary>
    public async Task<ExplainResponse> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken = default) =>
        await _simulation.ExplainAsync(request, cancellationToken: cancellationToken);

    /// <summary>Tells what a request would cost on the server, without computing it: price and predicted time.</summary>
    public async Task<EstimateCostResponse> EstimateCostAsync(EstimateCostRequest request, CancellationToken cancellationToken = default) =>
        await _simulation.EstimateCostAsync(request, cancellationToken: cancellationToken);

    /// <summary>Computes the equilibrium potential of one ion across a membrane.</summary>
    public async Task<ComputeNernstPotentialResponse> ComputeNernstPotentialAsync(
        ComputeNernstPotentialRequest request, CancellationToken cancellationToken = default) =>
        await _membrane.ComputeNernstPotentialAsync(request, cancellationToken: cancellationToken);

    /// <summary>Computes the resting potential of a membrane that several ions pass.</summary>
    public async Task<ComputeGoldmanPotentialResponse> ComputeGoldmanPotentialAsync(
        ComputeGoldmanPotentialRequest request, CancellationToken cancellationToken = default) =>
        await _membrane.ComputeGoldmanPotentialAsync(request, cancellationToken: cancellationToken);

    /// <summary>Returns the names, units, ranges and meanings of the features.</summary>
    public async Task<DescribeFeaturesResponse> DescribeFeaturesAsync(CancellationToken cancellationToken = default) =>
        await _features.DescribeFeaturesAsync(new DescribeFeaturesRequest(), cancellationToken: cancellationToken);

    /// <summary>
    /// Computes the features of a history. One that does not fit into a message (<see cref="MfnClientOptions.MaxSendBytes"/>) is sent as a stream.
    /// </summary>
    public async Task<ExtractFeaturesResponse> ExtractFeaturesAsync(ExtractFeaturesRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.CalculateSize() <= _options.MaxSendBytes)
        {
            return await _features.ExtractFeaturesAsync(request, cancellationToken: cancellationToken);
        }

        // Only the vector after the last frame is wanted.
        var start = new StreamFeaturesStart { Options = request.Options, Normalization = request.Normalization, EveryNFrames = int.MaxValue };
        FeatureVector? features = null;
        await foreach (var response in StreamFeaturesAsync(start, request.Frames, cancellationToken))
        {
            features = response.Features;
        }

        return new ExtractFeaturesResponse { Features = features };
    }

    /// <summary>
    /// Sends the frames of a history one by one, large ones in parts, and returns the features of the history so far as they come. When the
    /// enumeration ends early, so does the call; when the frames throw, it ends at once with their exception.
    /// </summary>
    public IAsyncEnumerable<StreamFeaturesResponse> StreamFeaturesAsync(
        StreamFeaturesStart start, IEnumerable<Field> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        return StreamFeaturesAsync(start, frames.ToAsyncEnumerable(), cancellationToken);
    }

    /// <summary>The same for frames that come in their own time. One that does not heed its token is left behind when the call ends.</summary>
    public async IAsyncEnumerable<StreamFeaturesResponse> StreamFeaturesAsync(
        StreamFeaturesStart start, IAsyncEnumerable<Field> frames, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(frames);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        await using var source = new MessageSource<StreamFeaturesRequest>(Messages(), leaving.Token);
        using var channel = _channels.Open();
        using var call = new FeatureService.FeatureServiceClient(channel).StreamFeatures(cancellationToken: leaving.Token);
        await using var upload = new Upload<StreamFeaturesRequest>(call.RequestStream, source, leaving);
        while (await upload.ReadAsync(call.ResponseStream.MoveNext(leaving.Token)))
        {
            yield return call.ResponseStream.Current;
        }

        async IAsyncEnumerable<StreamFeaturesRequest> Messages()
        {
            yield return new StreamFeaturesRequest { Start = start };
            await foreach (var frame in frames.WithCancellation(leaving.Token))
            {
                foreach (var message in FieldParts.Of(frame, _options.MaxSendBytes))
                {
                    yield return message;
                }
            }
        }
    }

    /// <summary>Estimates the box-counting dimension of the cells above a threshold. A field that does not fit into a message is sent in parts.</summary>
    public async Task<ComputeBoxCountingDimensionResponse> ComputeBoxCountingDimensionAsync(
        ComputeBoxCountingDimensionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Field is null || request.CalculateSize() <= _options.MaxSendBytes)
        {
            return await _fractals.ComputeBoxCountingDimensionAsync(request, cancellationToken: cancellationToken);
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        using var channel = _channels.Open();
        return await new FractalUploads(channel, _options.MaxSendBytes).ComputeBoxCountingDimensionAsync(request, leaving);
    }

    /// <summary>Draws a random iterated function system and its orbit.</summary>
    public async Task<GenerateIteratedFunctionSystemResponse> GenerateIteratedFunctionSystemAsync(
        GenerateIteratedFunctionSystemRequest request, CancellationToken cancellationToken = default) =>
        await _fractals.GenerateIteratedFunctionSystemAsync(request, cancellationToken: cancellationToken);

    /// <summary>Computes the reference's stability metrics of a history. One that does not fit into a message is sent as a stream.</summary>
    public async Task<ComputeHistoryStabilityResponse> ComputeHistoryStabilityAsync(
        ComputeHistoryStabilityRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.CalculateSize() <= _options.MaxSendBytes)
        {
            return await _fractals.ComputeHistoryStabilityAsync(request, cancellationToken: cancellationToken);
        }

        var start = new ComputeHistoryStabilityStreamStart();
        if (request.HasTimeStep)
        {
            start.TimeStep = request.TimeStep;
        }

        return await ComputeHistoryStabilityAsync(start, request.Frames, cancellationToken);
    }

    /// <summary>The same of a history whose frames are sent as they are enumerated, so that it need not be in memory.</summary>
    public async Task<ComputeHistoryStabilityResponse> ComputeHistoryStabilityAsync(
        ComputeHistoryStabilityStreamStart start, IEnumerable<Field> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(frames);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        using var channel = _channels.Open();
        return await new FractalUploads(channel, _options.MaxSendBytes).ComputeHistoryStabilityAsync(start, frames, leaving);
    }

    /// <summary>Runs the reference's validation cycle on the server.</summary>
    public async Task<ValidateResponse> ValidateAsync(ValidateRequest request, CancellationToken cancellationToken = default) =>
        await _validation.ValidateAsync(request, cancellationToken: cancellationToken);

    /// <summary>
    /// Aggregates a round on the server. Updates that fit into one message (<see cref="MfnClientOptions.MaxSendBytes"/>) go in one; others are
    /// uploaded in chunks as they are enumerated, so that the round need not be in memory here. If the updates are a collection, whose count is known, a server that has no room for them
    /// says so at the first.
    /// </summary>
    /// <param name="spec">How to aggregate; the encoding is that of the updates, whatever it says.</param>
    /// <param name="updates">All in single precision, or all in double precision; enumerated once.</param>
    /// <param name="cancellationToken">Ends the call, and the computation.</param>
    /// <exception cref="ArgumentException">Updates are in single and in double precision.</exception>
    public Task<RoundResult> AggregateAsync(
        AggregationSpec spec, IEnumerable<RoundUpdate> updates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(updates);
        int? count = updates is IReadOnlyCollection<RoundUpdate> collection ? collection.Count
            : updates.TryGetNonEnumeratedCount(out var known) ? known
            : null;
        return AggregateAsync(spec, updates.ToAsyncEnumerable(), count, cancellationToken);
    }

    /// <summary>
    /// The same for updates that come in their own time. When they throw, the call ends at once with their exception; updates that do not heed their
    /// token are left behind when the call ends.
    /// </summary>
    /// <exception cref="ArgumentException">Updates are in single and in double precision.</exception>
    public Task<RoundResult> AggregateAsync(
        AggregationSpec spec, IAsyncEnumerable<RoundUpdate> updates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(updates);
        return AggregateAsync(spec, updates, count: null, cancellationToken);
    }

    /// <summary>Ends the calls under way and closes the connections.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _closing.Cancel();
            _channel.Dispose();
            _closing.Dispose();
        }
    }

    private async Task<RoundResult> AggregateAsync(
        AggregationSpec spec, IAsyncEnumerable<RoundUpdate> updates, int? count, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        var messages = new UpdateMessages(spec, updates, count, _options.MaxSendBytes);
        await using var source = new MessageSource<AggregateStreamRequest>(messages.MakeAsync(leaving.Token), leaving.Token);
        await source.PeekAsync();
        if (messages.AreAllMade)
        {
            var response = await _aggregation.AggregateAsync(UpdateMessages.ToUnary(source.Current), cancellationToken: leaving.Token);
            return AggregateDownload.Read(response);
        }

        using var channel = _channels.Open();
        using var call = new AggregationService.AggregationServiceClient(channel).AggregateStream(cancellationToken: leaving.Token);
        await using var upload = new Upload<AggregateStreamRequest>(call.RequestStream, source, leaving);
        return await upload.ReadAsync(AggregateDownload.ReadAsync(call.ResponseStream, spec.Length, leaving.Token));
    }
}
