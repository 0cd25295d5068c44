using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Mfn.Cli;

/// <summary>Where a server was called there is none, or none that can be talked to.</summary>
internal sealed class NoServerException : Exception
{
    // What the framework says of a connection that answers no pings.
    private const string UnansweredPing = "ping request";

    // And of one that says something else than HTTP/2, or nothing, and ends.
    private const string UnfinishedHandshake = "HTTP/2 handshake";

    private NoServerException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>The trouble with the connection that made a call fail; none if a server answered.</summary>
    public static NoServerException? From(Uri address, RpcException error) => Explain(address, error) is { } message ? new NoServerException(message, error) : null;

    private static string? Explain(Uri address, RpcException error)
    {
        var url = address.OriginalString;
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return $"no server at {url}: the name {address.Host} is not known; name another with --server";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return $"no server at {url}; start one with `mfn serve` or name one with --server";
                case AuthenticationException { InnerException: null } tls when address.Scheme == "https":
                    return tls.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase)
                        ? $"the certificate of {url} is not trusted; --tls-ca names its authorities ({tls.Message})"
                        : $"{url} does not speak TLS; is it http://{address.Authority}?";
                case TimeoutException or TaskCanceledException:
                case HttpProtocolException when cause.Message.Contains(UnansweredPing, StringComparison.Ordinal):
                    return $"no answer from {url}; is it an Mfn server, and is it alive?";
            }
        }

        return ExplainProtocol(address, error);
    }

    private static string? ExplainProtocol(Uri address, RpcException error)
    {
        var url = address.OriginalString;
        var otherScheme = address.Scheme == "http" ? $", or is it https://{address.Authority}?" : "";
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case IOException when cause.Message.Contains(UnfinishedHandshake, StringComparison.Ordinal):
                    return $"{url} is no Mfn server{otherScheme}";
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return $"{url} does not speak TLS as it should ({cause.GetBaseException().Message}); is it http://{address.Authority}?";
                case HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }:
                    return $"no server at {url}: {cause.GetBaseException().Message}";
                case HttpRequestException { HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded }:
                    return $"{url} is no Mfn server{otherScheme} ({cause.GetBaseException().Message})";
            }
        }

        return error.Status.Detail.StartsWith("Bad gRPC response", StringComparison.Ordinal) ? $"{url} is no Mfn server ({error.Status.Detail.TrimEnd('.')})" : null;
    }
}
