using System.Collections.Concurrent;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Mfn.Server.Observability;

namespace Mfn.Server.Calls;

/// <summary>The metrics of each method that the server has; whatever else somebody calls is counted as one. Thread-safe.</summary>
internal sealed class MethodMetrics(ServerMetrics metrics)
{
    private readonly ConcurrentDictionary<Endpoint, CallMetrics> _methods = [];
    private readonly CallMetrics _unknown = new(metrics, ServerMetrics.Unknown, ServerMetrics.Unknown, isUnary: false);

    /// <summary>Has all methods appear among the metrics before somebody calls them.</summary>
    public void Add(IEnumerable<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            Of(endpoint);
        }
    }

    /// <summary>The metrics of a method; those of no method in particular where it is none.</summary>
    public CallMetrics Of(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>() is { Method: var method }
            ? _methods.GetOrAdd(endpoint, static (_, call) => new CallMetrics(call.metrics, call.method.ServiceName, call.method.Name, call.method.Type == MethodType.Unary), (metrics, method))
            : _unknown;
}
