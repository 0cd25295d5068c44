using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Server.Calls;
using Mfn.Server.Lifetime;
using Mfn.Server.Reflection;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Health;

/// <summary>The standard health protocol: all services serve until the server is told to stop.</summary>
internal sealed class HealthService(ServerLifetime lifetime, ServiceCatalog catalog, ResponseWriter writer) : Grpc.Health.V1.Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (!IsKnown(request.Service))
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"The server has no service '{request.Service}'."));
        }

        return Task.FromResult(Current());
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.Drained);
        if (!IsKnown(request.Service))
        {
            await WriteAsync(new HealthCheckResponse { Status = ServingStatus.ServiceUnknown });
        }
        else
        {
            var first = Current();
            await WriteAsync(first);
            if (first.Status == ServingStatus.Serving)
            {
                await UntilCancelled(lifetime.Draining, end.Token);
                await WriteAsync(Current());
            }
        }

        await UntilCancelled(end.Token, CancellationToken.None);
        end.Token.ThrowIfCancellationRequested();

        Task WriteAsync(HealthCheckResponse response) => writer.WriteAsync(responseStream, response, context);
    }

    private static async Task UntilCancelled(CancellationToken awaited, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = awaited.UnsafeRegister(_ => reached.TrySetResult(), null);
        await reached.Task.WaitAsync(cancellationToken);
    }

    private bool IsKnown(string service) => service.Length == 0 || catalog.Contains(service);

    private HealthCheckResponse Current() => new()
    {
        Status = lifetime.Draining.IsCancellationRequested ? ServingStatus.NotServing : ServingStatus.Serving,
    };
}
