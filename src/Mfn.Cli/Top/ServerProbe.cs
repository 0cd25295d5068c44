using Grpc.Core;
using Mfn.Client;

namespace Mfn.Cli.Top;

/// <summary>Looks at a server: its metrics over HTTP, its runs by an RPC.</summary>
internal sealed class ServerProbe : IDisposable
{
    /// <summary>So many runs are looked at, the latest created.</summary>
    public const int MostRuns = 1000;

    private const int MostBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly MfnClient _client;
    private readonly Uri _page;
    private readonly HttpClient _http;

    /// <param name="client">Calls the server; whoever made it disposes it.</param>
    /// <param name="metrics">Where its metrics are, without the path.</param>
    public ServerProbe(MfnClient client, Uri metrics)
    {
        _client = client;
        _page = new Uri(metrics, "metrics");
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { MaxResponseContentBufferSize = MostBytes, Timeout = Patience };
    }

    /// <summary>Looks once. That the runs cannot be had, since the caller may not see them, is told in the result.</summary>
    /// <exception cref="IOException">The metrics cannot be had.</exception>
    /// <exception cref="RpcException">There is no server to ask for the runs.</exception>
    public async Task<ServerSight> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var runs = await _client.Runs.ListAsync(cancellationToken: cancellationToken).Take(MostRuns).ToListAsync(cancellationToken);
            return new ServerSight(TimeProvider.System.GetUtcNow(), await ReadAsync(cancellationToken), runs, "");
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied)
        {
            return new ServerSight(TimeProvider.System.GetUtcNow(), await ReadAsync(cancellationToken), null, $"{WireName.Of(refused.StatusCode)}: {refused.Status.Detail}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<MetricPage> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return MetricPage.Parse(await _http.GetStringAsync(_page, cancellationToken));
        }
        catch (Exception error) when (error is HttpRequestException or InvalidDataException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var reason = error is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : error.GetBaseException().Message.TrimEnd('.');
            throw new IOException($"no metrics at {_page}: {reason}; Metrics:Url of the server says where they are, --metrics where to look");
        }
    }
}
