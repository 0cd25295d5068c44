using Google.Protobuf;
using Grpc.Core;
using Mfn.Benchmarks.Peers;

namespace Mfn.Benchmarks.Serving;

/// <summary>What peers/grpc_peer.cc serves too.</summary>
internal sealed class PeerService : Peer.PeerBase
{
    public override Task<Blob> Unary(Blob request, ServerCallContext context) => Task.FromResult(request);

    public override Task<Heap> Collect(Nothing request, ServerCallContext context)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Task.FromResult(new Heap { Bytes = GC.GetTotalMemory(forceFullCollection: true) });
    }

    public override async Task Stream(StreamRequest request, IServerStreamWriter<Blob> responseStream, ServerCallContext context)
    {
        var bytes = new byte[request.Size];
        bytes.AsSpan().Fill((byte)'x');
        var blob = new Blob { Data = UnsafeByteOperations.UnsafeWrap(bytes) };
        for (var i = 0U; i < request.Count; i++)
        {
            await responseStream.WriteAsync(blob);
        }
    }
}
