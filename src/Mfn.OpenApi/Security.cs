using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>How callers say who they are. A server without authentication asks nobody.</summary>
internal static class Security
{
    public static void AddTo(OpenApiDocument document)
    {
        var schemes = new Dictionary<string, OpenApiSecurityScheme>
        {
            ["apiKey"] = new()
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "x-api-key",
                Description = "An API key of the server's key file. It may come as a bearer's token too.",
            },
            ["bearer"] = new()
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "A token of an issuer that the server trusts, or an API key.",
            },
            ["clientCertificate"] = new()
            {
                Type = SecuritySchemeType.MutualTLS,
                Description = "A certificate of an authority that the server trusts. For pages of other origins it does not count.",
            },
        };
        foreach (var (name, scheme) in schemes)
        {
            document.AddComponent(name, scheme);
        }

        document.Security = [.. schemes.Keys.Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] }), []];
    }

    /// <summary>For what everybody may see.</summary>
    public static IList<OpenApiSecurityRequirement> None { get; } = [];
}
