using Mfn.Server.Audit;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>Adds what happens around every call.</summary>
internal static class CallExtensions
{
    public static void AddCalls(this IServiceCollection services, AccessRules access)
    {
        services.AddAudit();
        services.AddIdentity<AccessRefusal>(access);
        services.AddSingleton<OpenCalls>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<ResponseWriter>();

        // Otherwise each call would have its own made.
        services.AddSingleton<CallInterceptor>();
        services.AddSingleton<PackageServiceInterceptor>();
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<CallInterceptor>();
            grpc.Interceptors.Add<PackageServiceInterceptor>();
        });
        services.AddGrpcReflection();
        services.AddOptions<Grpc.AspNetCore.Server.GrpcServiceOptions>().Configure<IOptions<LimitsOptions>>(
            (grpc, limits) => grpc.MaxReceiveMessageSize = limits.Value.MaxRequestBytes);
    }

    /// <summary>Notes all calls in the audit log, if there is one. What happens to a call before is in no log.</summary>
    public static void UseAudit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<AuditLog>().IsOn)
        {
            app.UseMiddleware<CallAudit>();
        }
    }

    /// <summary>Lets calls in that can be read, and whose callers may make them.</summary>
    public static void UseCalls(this WebApplication app)
    {
        app.UseMiddleware<RequestMessageMiddleware>(app.Services.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxRequestBytes);
        app.UseIdentity();
        app.Use(CallRights.ServeWhileTheyLastAsync);
    }
}
