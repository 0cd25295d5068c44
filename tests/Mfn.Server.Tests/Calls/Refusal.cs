using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Calls;

internal static class Refusal
{
    /// <summary>The bytes of the headers that tell of a refusal, as they came.</summary>
    public static int SizeOf(RawCall.Answer answer) => new[] { "grpc-message", "grpc-status-details-bin" }
        .Where(answer.Headers.ContainsKey)
        .Sum(name => name.Length + answer.Headers[name].Length);
}
