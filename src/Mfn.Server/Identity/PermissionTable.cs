using System.Collections.Frozen;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace Mfn.Server.Identity;

/// <summary>Which permission each RPC needs: the only place that says so. A server with an RPC that is not in it does not start.</summary>
internal static class PermissionTable
{
    /// <summary>The permissions by the full names of RPCs, such as <c>/mfn.v1.RunService/GetRun</c>.</summary>
    public static FrozenDictionary<string, Permission> ByMethod { get; } = new Dictionary<string, Permission>
    {
        ["/grpc.health.v1.Health/Check"] = Permission.CheckHealth,
        ["/grpc.health.v1.Health/Watch"] = Permission.WatchHealth,
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = Permission.Reflect,
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = Permission.Reflect,
        ["/mfn.v1.AggregationService/Aggregate"] = Permission.Aggregate,
        ["/mfn.v1.AggregationService/AggregateStream"] = Permission.Aggregate,
        ["/mfn.v1.FeatureService/DescribeFeatures"] = Permission.LookUp,
        ["/mfn.v1.FeatureService/ExtractFeatures"] = Permission.Compute,
        ["/mfn.v1.FeatureService/StreamFeatures"] = Permission.Compute,
        ["/mfn.v1.FractalService/ComputeBoxCountingDimension"] = Permission.Compute,
        ["/mfn.v1.FractalService/ComputeBoxCountingDimensionStream"] = Permission.Compute,
        ["/mfn.v1.FractalService/ComputeHistoryStability"] = Permission.Compute,
        ["/mfn.v1.FractalService/ComputeHistoryStabilityStream"] = Permission.Compute,
        ["/mfn.v1.FractalService/GenerateIteratedFunctionSystem"] = Permission.Compute,
        ["/mfn.v1.MembraneService/ComputeGoldmanPotential"] = Permission.LookUp,
        ["/mfn.v1.MembraneService/ComputeNernstPotential"] = Permission.LookUp,
        ["/mfn.v1.RunService/CheckRun"] = Permission.CheckRuns,
        ["/mfn.v1.RunService/CreateRun"] = Permission.CreateRuns,
        ["/mfn.v1.RunService/CreateRunStream"] = Permission.CreateRuns,
        ["/mfn.v1.RunService/DeleteRun"] = Permission.DeleteRuns,
        ["/mfn.v1.RunService/ExportRun"] = Permission.ReadRuns,
        ["/mfn.v1.RunService/ForkRun"] = Permission.CreateRuns,
        ["/mfn.v1.RunService/GetRun"] = Permission.ReadRuns,
        ["/mfn.v1.RunService/ImportRun"] = Permission.CreateRuns,
        ["/mfn.v1.RunService/ListRuns"] = Permission.ReadRuns,
        ["/mfn.v1.RunService/SteerRun"] = Permission.SteerRuns,
        ["/mfn.v1.RunService/WatchRun"] = Permission.WatchRuns,
        ["/mfn.v1.SimulationService/EstimateCost"] = Permission.LookUp,
        ["/mfn.v1.SimulationService/Explain"] = Permission.LookUp,
        ["/mfn.v1.SimulationService/Simulate"] = Permission.Compute,
        ["/mfn.v1.SimulationService/StreamSimulation"] = Permission.Compute,
        ["/mfn.v1.ValidationService/Validate"] = Permission.Compute,
    }.ToFrozenDictionary();

    /// <summary>The full names of the services that there are.</summary>
    public static IReadOnlyCollection<string> Services { get; } = [.. ByMethod.Keys.Select(method => method[1..method.IndexOf('/', 1)]).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The permission that a call needs; null where it calls no RPC.</summary>
    public static Permission? Of(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { } rpc ? ByMethod[rpc.Method.FullName] : null;

    /// <summary>Whether a call is of an RPC that may go on for long.</summary>
    public static bool IsStream(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Type is not (null or MethodType.Unary);

    /// <summary>Sees to it that nothing is served that nobody has thought of.</summary>
    /// <exception cref="InvalidOperationException">RPCs have no permission; the message names them.</exception>
    public static void RequireAll(IEndpointRouteBuilder app)
    {
        string[] missing = [.. app.DataSources.SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName)
            .OfType<string>().Where(method => !ByMethod.ContainsKey(method)).Distinct().Order(StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            throw new InvalidOperationException($"{string.Join(", ", missing)} must have a permission in {nameof(PermissionTable)}.");
        }
    }
}
