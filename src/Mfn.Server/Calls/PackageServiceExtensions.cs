using Mfn.Server.Lifetime;

namespace Mfn.Server.Calls;

/// <summary>What the server asks of services that know nothing of its lifetime.</summary>
internal static class PackageServiceExtensions
{
    /// <summary>Cancels the calls that are open when the server has drained, so that they do not hold it.</summary>
    public static TBuilder EndWithServer<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            var serve = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => ServeUntilDrainedAsync(serve, context);
        });
        return endpoints;
    }

    private static async Task ServeUntilDrainedAsync(RequestDelegate serve, HttpContext context)
    {
        var drained = context.RequestServices.GetRequiredService<ServerLifetime>().Drained;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drained);
        context.RequestAborted = end.Token;
        await serve(context);
    }
}
