namespace Grpc.Core.Interceptors;

/// <summary>Replaces the request headers by what a function makes of them; it never sees null.</summary>
internal sealed class HeadersInterceptor(Func<Metadata, Metadata> change) : ContextInterceptor
{
    protected override ClientInterceptorContext<TRequest, TResponse> Change<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context) => new(
            context.Method,
            context.Host,
            context.Options.WithHeaders(change(context.Options.Headers ?? [])));
}
