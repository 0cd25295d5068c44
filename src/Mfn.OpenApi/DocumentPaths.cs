using Mfn.Server.Web;
using Microsoft.OpenApi;

namespace Mfn.OpenApi;

/// <summary>The document itself, and the page that shows it. They are no secret: whoever asks gets them.</summary>
internal sealed class DocumentPaths : IDocumentPart
{
    private static readonly (string Path, string Name, string Meaning, string ContentType)[] Pages =
    [
        ("/docs", "showDocumentation", "A page that shows this document, and tries calls", "text/html; charset=utf-8"),
        ("/docs/docs.js", "getDocumentationScript", "A script of that page", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui-bundle.js", "getDocumentationViewer", "Swagger UI, which that page is made with", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui.css", "getDocumentationStyle", "How that page looks", "text/css; charset=utf-8"),
        ("/openapi.json", "getOpenApi", "This document, with the limits of the server that is asked", ContentTypes.Json),
    ];

    public void AddTo(DocumentBuilder builder)
    {
        var tags = builder.Tag("Documentation", "What the server can do. Nobody needs a key for it.");
        foreach (var (path, name, meaning, contentType) in Pages)
        {
            builder.Add("GET", path, new OpenApiOperation
            {
                OperationId = name,
                Summary = meaning,
                Tags = tags,
                Security = Security.None,
                Parameters = [Condition()],
                Responses = new OpenApiResponses
                {
                    ["200"] = new OpenApiResponse
                    {
                        Description = meaning,
                        Headers = new Dictionary<string, IOpenApiHeader> { ["ETag"] = Tag() },
                        Content = new Dictionary<string, IOpenApiMediaType>
                        {
                            [contentType] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = contentType == ContentTypes.Json ? JsonSchemaType.Object : JsonSchemaType.String } },
                        },
                    },
                    ["304"] = new OpenApiResponse { Description = "It is what the client has.", Headers = new Dictionary<string, IOpenApiHeader> { ["ETag"] = Tag() } },
                    ["403"] = builder.Errors.Of(403),
                },
            });
        }
    }

    private static OpenApiParameter Condition() => new()
    {
        Name = "If-None-Match",
        In = ParameterLocation.Header,
        Description = "The ETag of what the client has.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiHeader Tag() => new() { Description = "Changes whenever what it is of changes.", Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
