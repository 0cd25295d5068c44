using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Transport;

public sealed class HeaderBufferTests
{
    [Fact]
    public async Task Call_OfThisKestrel_LeavesItsConnectionASmallBuffer()
    {
        int? size = null;
        await using var server = await TestServer.StartAsync(app => app.Use((call, next) =>
        {
            call.Response.OnCompleted(() =>
            {
                size = HeaderBuffer.SizeOf(call);
                return Task.CompletedTask;
            });
            return next(call);
        }));

        await server.Runs.ListRunsAsync(new ListRunsRequest());
        await server.Runs.ListRunsAsync(new ListRunsRequest());

        Assert.True(HeaderBuffer.IsKnown);
        Assert.Equal(HeaderBuffer.Size, size);
    }

    [Fact]
    public async Task Call_HeadersThatDoNotFit_ComeWhole()
    {
        await using var server = await TestServer.StartAsync();

        // In a header each of these characters takes nine bytes.
        var runId = new string('漢', HeaderBuffer.Size / 8);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = runId }));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains(runId, error.Status.Detail, StringComparison.Ordinal);
    }
}
