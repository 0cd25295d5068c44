using System.Diagnostics;
using System.Net.Http.Headers;

namespace Mfn.Client;

/// <summary>Sends the key with each call, and tells when the answer begins.</summary>
internal sealed class CallHandler(string? apiKey, Action<string, TimeSpan>? answered, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private readonly AuthenticationHeaderValue? _authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization ??= _authorization;
        var start = Stopwatch.GetTimestamp();
        var response = await base.SendAsync(request, cancellationToken);
        answered?.Invoke(request.RequestUri?.AbsolutePath ?? "", Stopwatch.GetElapsedTime(start));
        return response;
    }
}
