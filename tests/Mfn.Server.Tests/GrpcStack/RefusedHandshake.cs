using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>What a client makes of a server that does not take its certificate: in TLS 1.3 its own handshake is over before it learns of that, in whatever it does next.</summary>
internal static class RefusedHandshake
{
    public static StatusCode[] Outcomes { get; } = [StatusCode.Unavailable, StatusCode.Internal];
}
