using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>
/// Sends commands to a run, one after the other. A command whose outcome was lost with the connection is sent again under the same id, so that it
/// is applied once. Thread-safe; commands sent at the same time wait for one another.
/// </summary>
public sealed class RunSteering : IDisposable
{
    private readonly RunService.RunServiceClient _runs;
    private readonly ApiKeys _keys;
    private readonly string _runId;
    private readonly int _maxSendBytes;
    private readonly ReconnectOptions _options;
    private readonly SemaphoreSlim _turn = new(1);
    private AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse>? _call;

    internal RunSteering(RunService.RunServiceClient runs, ApiKeys keys, string runId, int maxSendBytes, ReconnectOptions options)
    {
        _runs = runs;
        _keys = keys;
        _runId = runId;
        _maxSendBytes = maxSendBytes;
        _options = options;
    }

    /// <summary>Sends a command, under a new id if it has none, and returns what became of it.</summary>
    /// <exception cref="RpcException">
    /// The run cannot be steered, or the server stayed away for longer than the patience; then the command may have been applied, which sending it again under its
    /// id tells. A command that was refused by itself is an outcome and no exception.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the command may have been applied.</exception>
    public async Task<SteerRunResponse> SendAsync(RunCommand command, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.CommandId.Length == 0)
        {
            command = command.Clone();
            command.CommandId = Guid.NewGuid().ToString("N");
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await SendInTurnAsync(command, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes the stream. The run goes on as it is.</summary>
    public void Dispose()
    {
        _call?.Dispose();
        _turn.Dispose();
    }

    private async Task<SteerRunResponse> SendInTurnAsync(RunCommand command, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options, _keys);
        while (true)
        {
            // What ended a stream that had served before says nothing about this command: the server may only have tired of waiting.
            var isFresh = _call is null;
            try
            {
                _call ??= _runs.SteerRun(await backoff.GetHeadersAsync(cancellationToken), cancellationToken: CancellationToken.None);
                return await ExchangeAsync(_call, command, cancellationToken);
            }
            catch (RpcException) when (!isFresh && !cancellationToken.IsCancellationRequested)
            {
                Close();
            }
            catch (RpcException error)
            {
                Close();
                await backoff.WaitAsync(error, cancellationToken);
            }
            catch
            {
                // The outcome that is still to come must not be taken for the next command's.
                Close();
                throw;
            }
        }
    }

    private async Task<SteerRunResponse> ExchangeAsync(
        AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, RunCommand command, CancellationToken cancellationToken)
    {
        var silence = _options.MaxSilence;
        try
        {
            // A write whose call the server has ended may never end; reading tells why it has.
            var sending = SendAsync(call, command, cancellationToken);
            var headers = HeadersAsync(call);
            await Task.WhenAny(sending, headers).WaitAsync(silence, _options.Clock, cancellationToken);
            silence = ServerSilence.Longest(_options, await headers.WaitAsync(silence, _options.Clock, cancellationToken));
            do
            {
                if (!await call.ResponseStream.MoveNext(cancellationToken).WaitAsync(silence, _options.Clock, cancellationToken))
                {
                    throw new RpcException(new Status(StatusCode.Unavailable, "The stream ended before the command's outcome."));
                }
            }
            while (IsNoOutcome(call.ResponseStream.Current));

            // What is refused may be so before its values have all been sent.
            await sending.WaitAsync(silence, _options.Clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The server was silent for {silence}."));
        }

        var response = call.ResponseStream.Current;
        return response.CommandId == command.CommandId
            ? response
            : throw new InvalidDataException($"The server answered the command '{response.CommandId}' where '{command.CommandId}' was due.");
    }

    /// <summary>Whether it is a heartbeat, or of a kind that this client does not know.</summary>
    private static bool IsNoOutcome(SteerRunResponse response) =>
        response.OutcomeCase is not (SteerRunResponse.OutcomeOneofCase.Applied or SteerRunResponse.OutcomeOneofCase.Refused);

    private async Task SendAsync(
        AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, RunCommand command, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var message in Messages(command))
            {
                await call.RequestStream.WriteAsync(message, cancellationToken);
            }
        }
        catch (Exception error) when (error is RpcException or IOException or InvalidOperationException)
        {
            // The call has ended; reading tells why.
        }
    }

    private static async Task<Metadata> HeadersAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call)
    {
        try
        {
            return await call.ResponseHeadersAsync;
        }
        catch (RpcException)
        {
            // Reading tells why.
            return [];
        }
    }

    /// <summary>The command, or first its beginning and then the values that do not fit into a message with it.</summary>
    private IEnumerable<SteerRunRequest> Messages(RunCommand command)
    {
        var request = new SteerRunRequest { RunId = _runId, Command = command };
        if (FieldOf(command) is not { } field || request.CalculateSize() <= _maxSendBytes)
        {
            return [request];
        }

        var begun = command.Clone();
        FieldOf(begun)!.Values = ByteString.Empty;
        return FieldParts.Cut(field.Values, _maxSendBytes)
            .Select(values => new SteerRunRequest { Values = values })
            .Prepend(new SteerRunRequest { RunId = _runId, Command = begun, ValuesFollow = true });
    }

    private static Field? FieldOf(RunCommand command) => command.ReplacePotential ?? command.ReplaceSpecies?.Field;

    private void Close()
    {
        _call?.Dispose();
        _call = null;
    }
}
