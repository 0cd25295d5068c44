using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>Echoes, except for the RPCs that a test handles itself.</summary>
internal sealed class EchoHandlers : EchoService.EchoServiceBase
{
    public UnaryServerMethod<EchoRequest, EchoResponse> OnSay { get; init; } =
        (request, _) => Task.FromResult(new EchoResponse { Text = request.Text });

    public ClientStreamingServerMethod<EchoRequest, EchoResponse> OnCollect { get; init; } = async (requests, _) =>
    {
        var texts = new List<string>();
        await foreach (var request in requests.ReadAllAsync())
        {
            texts.Add(request.Text);
        }

        return new EchoResponse { Text = string.Join(' ', texts) };
    };

    public ServerStreamingServerMethod<EchoRequest, EchoResponse> OnRepeat { get; init; } =
        async (request, responses, _) =>
        {
            for (var i = 0; i < request.Count; i++)
            {
                await responses.WriteAsync(new EchoResponse { Text = $"{request.Text}{i}" });
            }
        };

    public DuplexStreamingServerMethod<EchoRequest, EchoResponse> OnChat { get; init; } =
        async (requests, responses, _) =>
        {
            await foreach (var request in requests.ReadAllAsync())
            {
                await responses.WriteAsync(new EchoResponse { Text = request.Text });
            }
        };

    public override Task<EchoResponse> Say(EchoRequest request, ServerCallContext context) => OnSay(request, context);

    public override Task<EchoResponse> Collect(
        IAsyncStreamReader<EchoRequest> requestStream,
        ServerCallContext context) => OnCollect(requestStream, context);

    public override Task Repeat(
        EchoRequest request,
        IServerStreamWriter<EchoResponse> responseStream,
        ServerCallContext context) => OnRepeat(request, responseStream, context);

    public override Task Chat(
        IAsyncStreamReader<EchoRequest> requestStream,
        IServerStreamWriter<EchoResponse> responseStream,
        ServerCallContext context) => OnChat(requestStream, responseStream, context);
}
