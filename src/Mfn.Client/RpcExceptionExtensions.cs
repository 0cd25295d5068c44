using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Client;

/// <summary>Reads what the server says about a failed call beyond its status.</summary>
public static class RpcExceptionExtensions
{
    private const string RichStatusTrailer = "grpc-status-details-bin";

    /// <summary>Everything that is wrong with the request; empty if the server found nothing wrong with it.</summary>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> GetFieldViolations(this RpcException error) =>
        FindDetail<BadRequest>(error)?.FieldViolations ?? [];

    /// <summary>How long to wait before the call is tried again; none if the server did not say.</summary>
    public static TimeSpan? GetRetryDelay(this RpcException error) => FindDetail<RetryInfo>(error)?.RetryDelay?.ToTimeSpan();

    private static T? FindDetail<T>(RpcException error)
        where T : class, IMessage<T>, new()
    {
        ArgumentNullException.ThrowIfNull(error);
        if (error.Trailers.GetValueBytes(RichStatusTrailer) is not { } bytes)
        {
            return null;
        }

        try
        {
            var descriptor = new T().Descriptor;
            return RichStatus.Parser.ParseFrom(bytes).Details.FirstOrDefault(detail => detail.Is(descriptor))?.Unpack<T>();
        }
        catch (InvalidProtocolBufferException)
        {
            // Something between server and client damaged the details; the status itself still holds.
            return null;
        }
    }
}
