using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Mfn.Client;

/// <summary>Reads what the server says about a failed call beyond its status.</summary>
public static class RpcExceptionExtensions
{
    internal const string CorrelationHeader = "x-correlation-id";

    /// <summary>Everything that is wrong with the request; empty if the server found nothing wrong with it.</summary>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> GetFieldViolations(this RpcException error) =>
        FindDetail<BadRequest>(error)?.FieldViolations ?? [];

    /// <summary>How long to wait before the call is tried again; none if the server did not say.</summary>
    public static TimeSpan? GetRetryDelay(this RpcException error) => FindDetail<RetryInfo>(error)?.RetryDelay?.ToTimeSpan();

    /// <summary>The quotas that do not allow the call: whose each is, its name and what it allows; empty if it failed otherwise.</summary>
    public static IReadOnlyList<QuotaFailure.Types.Violation> GetQuotaViolations(this RpcException error) =>
        FindDetail<QuotaFailure>(error)?.Violations ?? [];

    /// <summary>What the server's logs know the call by; null if no server has answered.</summary>
    public static string? GetCorrelationId(this RpcException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.Trailers.GetValue(CorrelationHeader);
    }

    private static T? FindDetail<T>(RpcException error)
        where T : class, IMessage<T>, new()
    {
        ArgumentNullException.ThrowIfNull(error);
        try
        {
            return error.GetRpcStatus()?.GetDetail<T>();
        }
        catch (InvalidProtocolBufferException)
        {
            // Something between server and client damaged the details; the status itself still holds.
            return null;
        }
    }
}
