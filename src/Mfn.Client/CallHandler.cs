using System.Diagnostics;
using System.Net.Http.Headers;

namespace Mfn.Client;

/// <summary>Sends the key with each call that has none, and what logs know it by, and tells when the answer begins.</summary>
internal sealed class CallHandler(ApiKeys keys, string? correlationId, Action<string, TimeSpan>? answered, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Headers.Authorization is null && await keys.GetAsync(cancellationToken) is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        if (correlationId is not null)
        {
            request.Headers.TryAddWithoutValidation(RpcExceptionExtensions.CorrelationHeader, correlationId);
        }

        var start = Stopwatch.GetTimestamp();
        var response = await base.SendAsync(request, cancellationToken);
        answered?.Invoke(request.RequestUri?.AbsolutePath ?? "", Stopwatch.GetElapsedTime(start));
        return response;
    }
}
