using Google.Protobuf;
using Grpc.Core;

namespace Mfn.Server.Calls;

/// <summary>
/// What is wrong with a request that the gRPC library could not read a message from. Whatever it is, the client has done it; the library calls much of it an
/// internal error.
/// </summary>
internal static class MessageFault
{
    /// <summary>The library's words for a message that is larger than the limit, which it does not name.</summary>
    public const string TooLarge = "Received message exceeds the maximum configured message size.";

    /// <summary>What a client is told of a message that cannot be parsed or decompressed.</summary>
    public const string Unparsable = "The request message is not a valid protobuf message of its type.";

    // The library's words, and what they mean to a client; those that it passes on are as good as ours.
    private const string Unfinished = "Incomplete message.";
    private const string TooMany = "Additional data after the message received.";
    private const string UnknownEncoding = "Unsupported grpc-encoding value";
    private const string WrongContentType = "Content-Type";
    private const string WrongFlagOrLength = "The request message's prefix is not one of gRPC: a byte of 0 or 1 and the length of the message.";

    /// <summary>What the exception of a reader means; null if it is no fault of the client, or already says what it means.</summary>
    public static CallRefusedException? Of(Exception error) => error switch
    {
        CallRefusedException or OperationCanceledException => null,
        RpcException rpc => Of(rpc.StatusCode, rpc.Status.Detail),
        InvalidProtocolBufferException => CallRefusedException.Unreadable(Unparsable),
        InvalidDataException => CallRefusedException.Unreadable(
            error.Message.Contains("flag", StringComparison.OrdinalIgnoreCase) ? WrongFlagOrLength : "The request message cannot be decompressed."),
        IOException when error.Message.StartsWith("Message too large", StringComparison.Ordinal) => CallRefusedException.Unreadable(WrongFlagOrLength),

        // Of a stream that was reset, or a connection that broke.
        IOException => CallRefusedException.Gone(),
        _ => null,
    };

    /// <summary>What a status means that the library has given itself; null if it says so already.</summary>
    public static CallRefusedException? Of(StatusCode statusCode, string detail)
    {
        if (detail.StartsWith(UnknownEncoding, StringComparison.Ordinal))
        {
            // The gRPC specification has this status for it.
            return CallRefusedException.Unsupported("The server has no such grpc-encoding, but identity, gzip and deflate.");
        }

        return statusCode is not (StatusCode.Internal or StatusCode.Unknown) ? null : detail switch
        {
            Unfinished => CallRefusedException.Unreadable("The request ended before its message was complete."),
            TooMany => CallRefusedException.Unsupported("The method takes one request message, but more came."),
            _ when detail.StartsWith(WrongContentType, StringComparison.Ordinal) => CallRefusedException.Unreadable("The content-type must be application/grpc."),
            _ when detail.Contains("grpc-encoding", StringComparison.Ordinal) => CallRefusedException.Unreadable(detail),
            _ => CallRefusedException.Unreadable(Unparsable),
        };
    }
}
