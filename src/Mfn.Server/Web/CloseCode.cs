using System.Net.WebSockets;
using Grpc.Core;

namespace Mfn.Server.Web;

/// <summary>What a socket is closed with.</summary>
internal static class CloseCode
{
    /// <summary>The client has sent something that nobody expects.</summary>
    public const WebSocketCloseStatus Unexpected = WebSocketCloseStatus.PolicyViolation;

    /// <summary>Of a kind that nobody expects.</summary>
    public const WebSocketCloseStatus WrongKind = WebSocketCloseStatus.InvalidMessageType;

    /// <summary>Longer than it may be.</summary>
    public const WebSocketCloseStatus TooLarge = WebSocketCloseStatus.MessageTooBig;

    /// <summary>The server stops.</summary>
    public const WebSocketCloseStatus Stopping = WebSocketCloseStatus.EndpointUnavailable;

    // Private use begins here: a status of gRPC is a code of its own.
    private const int Statuses = 4000;

    /// <summary>That of a call which has ended with a status.</summary>
    public static WebSocketCloseStatus Of(StatusCode code) => code == StatusCode.OK ? WebSocketCloseStatus.NormalClosure : (WebSocketCloseStatus)(Statuses + (int)code);
}
